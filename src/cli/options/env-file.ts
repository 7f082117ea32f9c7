import { parseEnv } from 'node:util';
import { UsageError } from '../errors.js';
import { readGivenFile } from './given-file.js';

/** A line that begins with a name; what follows may be quoted, over several lines. */
const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/;

/**
 * The variables that stand in files of the `.env` kind; what a later one says counts.
 *
 * @throws UsageError for a file that cannot be read, and for a line that is none of that kind: to leave it out without a
 * word would start a run that lacks it
 */
export function readEnvFiles(cwd: string, files: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const file of files) Object.assign(values, readEnvFile(cwd, file));
  return values;
}

function readEnvFile(cwd: string, file: string): NodeJS.Dict<string> {
  const text = readGivenFile(cwd, file, `--env-file ${file}`)
    .toString()
    .replace(/^\uFEFF/, '');
  checkLines(text, file);
  return parseEnv(text);
}

function checkLines(text: string, file: string): void {
  const lines = text.split(/\r?\n/);
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i]!;
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const found = ASSIGNMENT.exec(line);
    if (found === null || line.includes('\0')) {
      throw new UsageError(`--env-file ${file}:${i + 1}: NAME=VALUE is expected here`, 'a comment begins with #');
    }
    i = endOfQuoted(lines, i, found[2]!, file);
  }
}

/** The line in which a value ends that begins in line `first`. */
function endOfQuoted(lines: readonly string[], first: number, value: string, file: string): number {
  const quote = value[0] ?? '';
  if (!['"', "'", '`'].includes(quote) || value.includes(quote, 1)) return first;
  const last = lines.findIndex((line, i) => i > first && line.includes(quote));
  if (last >= 0) return last;
  throw new UsageError(`--env-file ${file}:${first + 1}: the quotation mark ${quote} is not closed`);
}
