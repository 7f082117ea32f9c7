import { isObject } from './json-lines.js';
import { plainText } from './plain-text.js';
import { fieldOf, verdictIn, verdictOfAnswer } from './verdict.js';
import { readWords, type SaidVerdict } from './verdict-words.js';

/** What a file beside the output says: a verdict, or that a limit of use was met. */
export type FileVerdict =
  | (SaidVerdict & {
      /** Set where it is not said, but only that it is no pass. */
      unsure?: true;
    })
  | { verdict: 'retry'; note?: string };

/** What scripts write for a limit of use: HTTP status 429. */
const RETRY = /^(?:retry|429|rate[\s_-]?limit(?:ed)?|quota)\b/i;

/**
 * Reads a verdict file: the first line `STATUS: word`, a JSON object, else as {@link verdictIn} does. A file that says
 * something else is no pass: `error` for a status that nobody knows, `warn` for a text without one.
 *
 * @param exact set for the files of dispatch scripts, which write `pass` and `warn` as they stand here; of every other
 *   word that is no failure they think nothing
 */
export function verdictOfFile(text: string, { exact = false } = {}): FileVerdict | undefined {
  const plain = plainText(text);
  if (plain.trim() === '') return undefined;
  const lines = plain.split(/\r\n|\r|\n/);
  const status = fieldOf(lines, 'STATUS');
  if (status !== undefined) return readStatus(status, fieldOf(lines, 'SUMMARY'), exact);
  const json = jsonOf(plain);
  if (json !== undefined) {
    const word = [json['verdict'], json['status']].find((value) => typeof value === 'string');
    const { note } = verdictOfAnswer({ ...json, verdict: word }) ?? {};
    if (word !== undefined) return readStatus(word, note, exact);
  }
  const said = json === undefined ? verdictIn(plain) : undefined;
  return (
    said ??
    (hasLabel(lines)
      ? undefined
      : { verdict: 'warn', note: `its verdict file has no status: ${excerpt(plain)}`, unsure: true })
  );
}

/** A status without a word counts as none, as a file that is not there. */
function hasLabel(lines: readonly string[]): boolean {
  return lines.some((line) => /^[\s>#*_`~•+-]*(?:STATUS|VERDICT)[\s*_`~]*[:=]\s*$/i.test(line));
}

function readStatus(word: string, summary: string | undefined, exact: boolean): FileVerdict {
  const note = summary === undefined || summary === '' ? {} : { note: summary };
  if (RETRY.test(word)) return { verdict: 'retry', ...note };
  const said = readWords(word);
  const strange: SaidVerdict = { verdict: 'error', note: `unknown status in its verdict file: ${excerpt(word)}` };
  if (said === undefined || !said.known) return strange;
  const { verdict } = said;
  if (exact && (verdict === 'pass' || verdict === 'warn') && !word.trim().startsWith(verdict)) return strange;
  return { verdict, ...(said.note === undefined ? note : { note: said.note }) };
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function excerpt(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').slice(0, 200);
}
