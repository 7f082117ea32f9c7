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
    `note: ${read.value.file} has no effect on this run, as its workers cannot read it: use \`globals.notify\` of the plan\n`,
  );
  return {};
}
