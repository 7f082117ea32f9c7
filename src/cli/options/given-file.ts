import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { suggest } from '../../plan/problems/suggest.js';
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
    throw new UsageError(`${option}: ${why}`, missing ? whereToLook(cwd, file) : expected);
  }
}

function whereToLook(cwd: string, file: string): string {
  const near = suggest(path.basename(file), filesOf(path.resolve(cwd, path.dirname(file))));
  if (near === undefined) return `the path is relative to ${cwd}`;
  return `did you mean '${path.join(path.dirname(file), near)}'?`;
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it is not there either
  }
}
