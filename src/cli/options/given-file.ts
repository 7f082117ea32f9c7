import { readFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../errors.js';

/**
 * The file that an option names.
 *
 * @param option as it was given: `--inputs values.yaml`
 * @param expected hint where the file is there, but cannot be read
 * @throws UsageError where it cannot be read
 */
export function readGivenFile(cwd: string, file: string, option: string, expected?: string): Buffer {
  try {
    return readFileSync(path.resolve(cwd, file));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? 'the file was not found' : (error as Error).message;
    throw new UsageError(`${option}: ${why}`, missing ? `the path is relative to ${cwd}` : expected);
  }
}
