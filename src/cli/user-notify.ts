import type { UserNotify } from '../contract/notify.js';
import { readUserNotify } from '../client/user-notify.js';
import type { CliContext } from './context.js';
import { DiagnosticsError } from './errors.js';

/**
 * Whom the user's own configuration wants to be told of what they start.
 *
 * @throws DiagnosticsError where the file is there and cannot be used
 */
export async function userNotify(context: CliContext, embedded: boolean): Promise<{ notify?: UserNotify }> {
  const read = await readUserNotify(context.env, context.cwd);
  if (!read.ok) throw new DiagnosticsError(read.error);
  if (read.value === undefined) return {};
  if (embedded) return { notify: read.value };
  context.note(
    `note: nobody is told of this run by ${read.value.file}: on a service of its own, workers cannot read it. \`globals.notify\` of the plan works there\n`,
  );
  return {};
}
