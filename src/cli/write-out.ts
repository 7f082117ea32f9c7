import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { UsageError } from './errors.js';

/**
 * Refuses to write where something is already, unless that was asked for: `--out` is easily given the name of a file that
 * somebody still wants.
 *
 * @throws UsageError
 */
export function refuseOverwriting(paths: readonly string[], force: boolean | undefined): void {
  const there = force ? [] : paths.filter((file) => existsSync(file));
  if (there.length === 0) return;
  const exist = there.length === 1 ? 'exists' : 'exist';
  throw new UsageError(`--out: ${there.join(', ')} already ${exist}`, 'use --force to overwrite');
}

/**
 * Writes a file that `--out` names.
 *
 * @throws UsageError where it is there already and `force` is not set, or where it cannot be written
 */
export async function writeOut(file: string, text: string, force: boolean | undefined): Promise<void> {
  refuseOverwriting([file], force);
  try {
    // What has come into being since the look is not written over either.
    await writeFile(file, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`--out: ${file} cannot be written: ${code ?? message}`);
  }
}
