import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { NotifyTask, UserNotifier } from '../../contract/notify.js';
import { readUserConfig } from '../../plan/files/user-config.js';
import { expandNotifier } from '../../plan/templates/expand-notifier.js';

/** A task that says by what it is to be told. */
export type ToldTask = NotifyTask & Required<Pick<NotifyTask, 'action'>>;

/** The configuration file of a person does not say any more whom to tell. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Completes a task from the configuration file of a person, as it is now: a URL that was mended there counts for runs that
 * are open. Relative files and commands count from its folder.
 *
 * @throws ConfigError
 */
export async function ownTask(task: NotifyTask, { file, place }: UserNotifier): Promise<ToldTask> {
  const read = readUserConfig(await textOf(file), file);
  if (!read.ok) {
    const [first] = read.error;
    throw new ConfigError(
      `${file}${first?.line === undefined ? '' : `:${first.line}`}: ${first?.message ?? 'invalid'}`,
    );
  }
  const notifier = read.value?.notifiers[place];
  if (notifier?.on.includes(task.message.event) !== true) {
    throw new ConfigError(`${file} does not ask for this any more: it was changed after the run had started`);
  }
  const { action, uses } = expandNotifier(notifier, (text) => text);
  return { ...task, cwd: [path.dirname(file)], action, secrets: { sources: read.value!.secrets, uses } };
}

async function textOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new ConfigError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
