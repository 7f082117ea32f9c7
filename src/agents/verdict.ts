/** What an agent says of its own work. */
export type Verdict = 'pass' | 'warn' | 'fail' | 'error' | 'question' | 'escalated';

/** A verdict, and what was said with it. */
export interface SaidVerdict {
  verdict: Verdict;
  /** The text of a question, or the reason. */
  note?: string;
}

/** The words that agents and their scripts use. */
const WORDS: Readonly<Record<string, Verdict>> = {
  pass: 'pass',
  passed: 'pass',
  clean: 'pass',
  ok: 'pass',
  success: 'pass',
  approved: 'pass',
  warn: 'warn',
  warning: 'warn',
  needs_attention: 'warn',
  fail: 'fail',
  failed: 'fail',
  rejected: 'fail',
  changes_requested: 'fail',
  error: 'error',
  question: 'question',
  escalated: 'escalated',
  escalate: 'escalated',
  blocked: 'escalated',
};

/** Words that may come before the verdict's: list marks, quotes, emphasis, headings. */
const LINE = /^[\s>#*_`~+-]*VERDICT\s*[*_`~]*\s*:\s*(.*)$/i;
const MAX_NOTE = 2000;

/**
 * Finds the verdict in what an agent printed: the last line `VERDICT: word`, wherever it is indented or emphasised.
 * A line that only repeats the choices, as in the instructions, is none. A word that nobody knows is `warn`.
 */
export function verdictIn(text: string): SaidVerdict | undefined {
  const lines = text.split(/\r\n|\r|\n/);
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const said = readVerdictLine(lines[index]!);
    if (said === undefined) continue;
    return said.verdict === 'question' && said.note === undefined ? withText(said, lines, index) : said;
  }
  return undefined;
}

/** The verdict of a line; undefined where the line has none. */
export function readVerdictLine(line: string): SaidVerdict | undefined {
  const [, rest] = LINE.exec(line) ?? [];
  return rest === undefined ? undefined : readWords(rest);
}

function readWords(rest: string): SaidVerdict | undefined {
  const text = rest.replace(/^[\s*_`~"'[(<]+/, '').replace(/[\s*_`~]+$/, '');
  if (text === '' || isTemplate(text) || isTemplate(rest.trim())) return undefined;
  const [, word = '', after = ''] = /^([A-Za-z][A-Za-z_-]*)["'`*_\])>]*\s*[:,.;–—-]*\s*([\s\S]*)$/.exec(text) ?? [];
  if (word === '') return undefined;
  const verdict = WORDS[word.toLowerCase().replaceAll('-', '_')];
  const note = (verdict === undefined ? `unknown verdict: ${text}` : after.trim()).slice(0, MAX_NOTE);
  return { verdict: verdict ?? 'warn', ...(note === '' ? {} : { note }) };
}

/** `PASS | WARN | FAIL [reason]`: the choices, not a choice. */
function isTemplate(text: string): boolean {
  const [first = '', ...others] = text.split('|').map((part) => part.trim().toLowerCase());
  if (others.length > 0) {
    const known = (part: string): boolean =>
      Object.hasOwn(WORDS, (/^[<`*]*([a-z_-]+)/.exec(part)?.[1] ?? '').replaceAll('-', '_'));
    return known(first) && known(others[0]!);
  }
  return /^<[^>]*>$/.test(text) || /^\[[^\]]*\]$/.test(text);
}

/** A question may stand on the lines below its verdict. */
function withText(said: SaidVerdict, lines: readonly string[], index: number): SaidVerdict {
  const below = lines
    .slice(index + 1)
    .join('\n')
    .trim();
  const above =
    lines
      .slice(0, index)
      .join('\n')
      .trim()
      .split(/\n\s*\n/)
      .at(-1)
      ?.trim() ?? '';
  const note = (below === '' ? above : below).slice(0, MAX_NOTE);
  return note === '' ? said : { ...said, note };
}

/**
 * Reads a verdict file that a script has left beside its output: the first line `STATUS: word`, else as
 * {@link verdictIn} does.
 */
export function verdictOfFile(text: string): SaidVerdict | undefined {
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [, rest] = /^STATUS:(.*)$/.exec(line) ?? [];
    if (rest === undefined || rest.trim() === '') continue;
    const summary = /^SUMMARY:\s*(.*)$/m.exec(text)?.[1]?.trim();
    const said = readWords(rest);
    return said && { ...said, ...(said.note === undefined && summary ? { note: summary } : {}) };
  }
  return verdictIn(text);
}

/** The verdict that a structured answer has under `verdict` or `status`. */
export function verdictOfAnswer(answer: unknown): SaidVerdict | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const fields = answer as Record<string, unknown>;
  const word = [fields['verdict'], fields['status']].find((value) => typeof value === 'string');
  if (word === undefined) return undefined;
  const said = readWords(word);
  const note = [fields['question'], fields['reason'], fields['summary']].find((value) => typeof value === 'string');
  return (
    said && {
      ...said,
      ...(said.note === undefined && note !== undefined ? { note: note.slice(0, MAX_NOTE) } : {}),
    }
  );
}
