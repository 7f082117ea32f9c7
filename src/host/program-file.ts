import { accessSync, constants, statSync } from 'node:fs';

/** Whether `file` is there, and this process may execute it. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
