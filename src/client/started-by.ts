import os from 'node:os';

/** Who starts or steers a run, where nobody says: `<user>@<host>`. */
export function startedBy(): string {
  try {
    return `${os.userInfo().username}@${os.hostname()}`;
  } catch {
    return os.hostname(); // a user id without a name, as in many containers
  }
}
