import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { UserNotify } from '../contract/notify.js';
import { isMissing } from '../host/errno.js';
import { readUserConfig } from '../plan/files/user-config.js';
import type { Diagnostic, Result } from '../plan/model/diagnostic.js';
import { notifierName } from '../plan/templates/expand-notifier.js';

/** The configuration file of a person: `ORCH_CONFIG`, else `orch/config.yaml` among their configuration. */
function userConfigFile(env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (env['ORCH_CONFIG'] !== undefined) return env['ORCH_CONFIG'] || undefined; // an empty one turns it off
  const home = env['XDG_CONFIG_HOME'] || path.join(env['HOME'] || os.homedir(), '.config');
  return path.join(home, 'orch', 'config.yaml');
}

/**
 * Whom a person's own configuration wants to be told of the runs that they start.
 *
 * A run takes along the events and where the file is, nothing else: the worker reads the file when there is something to
 * tell, so that no URL and no key of it stands in a history.
 *
 * @param cwd folder that a relative `ORCH_CONFIG` counts from
 * @returns undefined where there is no file, or it names nobody; or everything that is wrong with it
 */
export async function readUserNotify(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<Result<UserNotify | undefined, Diagnostic[]>> {
  const named = userConfigFile(env);
  if (named === undefined) return { ok: true, value: undefined };
  const file = path.resolve(cwd, named);
  const isAsked = env['ORCH_CONFIG'] !== undefined;
  let text: Buffer | undefined;
  try {
    text = await readFile(file);
  } catch (error) {
    if (isMissing(error) && !isAsked) return { ok: true, value: undefined };
    return { ok: false, error: [unreadable(file, error)] };
  }
  const read = readUserConfig(text, file);
  if (!read.ok) return read;
  if (read.value === undefined) return { ok: true, value: undefined };
  const notifiers = read.value.notifiers.map((notifier) => ({ on: notifier.on, name: notifierName(notifier) }));
  return { ok: true, value: { file, notifiers } };
}

function unreadable(file: string, error: unknown): Diagnostic {
  const { code } = error as NodeJS.ErrnoException;
  const place = { severity: 'error', file, line: 1, column: 1 } as const;
  if (code === 'ENOENT') {
    return { ...place, code: 'file_not_found', message: 'there is no such file', hint: 'ORCH_CONFIG names it' };
  }
  return { ...place, code: 'file_unreadable', message: `the file cannot be read: ${code ?? String(error)}` };
}
