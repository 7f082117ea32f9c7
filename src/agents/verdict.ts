import { isOwnLine } from './verdict-prompt.js';
import { plainText } from './plain-text.js';
import { MAX_NOTE, readWords, type ReadWords, type SaidVerdict } from './verdict-words.js';
import { defined } from '../basics/defined.js';

export type { Verdict } from '../plan/model/turn-end.js';
export type { SaidVerdict } from './verdict-words.js';

/**
 * The label of a verdict, whatever stands before it that is no letter (marks, numbers, quotes), and some words that
 * go with it: `1. **Final verdict (second round):** FAIL`.
 */
const LABEL =
  /^[^\p{L}]{0,40}(?:(?:my|the|our|this|final|overall|code|reviewer|review)(?:['’]s)?[\s:–—-]+){0,4}verdict(?![\p{L}\p{N}_-]*[\p{L}\p{N}])["'”’*_`~\s)\]]*(?:\([^()]{0,80}\)["'”’*_`~\s]*)?/iu;
/** What parts a label from its word; a word that is not known counts behind a colon only. */
const COLON = /^(?::|：|=)/;
const OTHER = /^(?:[–—|→]|-+>?|is\b:?)/i;
const BLOCK = /^\W*-{2,}\s*VERDICT\s*-{2,}\W*$/i;
const BLOCK_END = /^\s*-{3,}\s*$/;
/** Lines that a block may have. */
const MAX_BLOCK = 40;
/** Characters of a line that are looked at: a label stands at its beginning. */
const MAX_LINE = 4000;

/**
 * Finds the verdict in what an agent printed: the last line `VERDICT: word`, or the last block `--- VERDICT ---`,
 * however it is indented, numbered, coloured or emphasised. Lines that only repeat the choices, and those of the
 * instructions that orch gives, are none. A word that nobody knows is `warn`.
 */
export function verdictIn(text: string): SaidVerdict | undefined {
  if (!/verdict/i.test(text)) return undefined;
  const lines = plainText(text)
    .split(/\r\n|\r|\n/)
    .map((line) => line.slice(0, MAX_LINE));
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const said = verdictAt(lines, index);
    if (said === undefined) continue;
    const { verdict, note } = said;
    const known = note === undefined ? { verdict } : { verdict, note };
    return verdict === 'question' && note === undefined ? withText(known, lines, index) : known;
  }
  return undefined;
}

function verdictAt(lines: readonly string[], index: number): SaidVerdict | undefined {
  const line = lines[index]!;
  if (BLOCK.test(line)) return blockAt(lines, index + 1);
  const [label] = LABEL.exec(line) ?? [];
  if (label === undefined || isOwnLine(lines, index)) return undefined;
  const rest = line.slice(label.length);
  const [parted] = COLON.exec(rest) ?? OTHER.exec(rest) ?? [''];
  const words = rest.slice(parted.length);
  if (!/[^\s*_`~"'|]/.test(words))
    return below(lines, index, COLON.test(parted) || /^[\s#*_>]*verdict[\s*_]*$/i.test(line));
  const said = readWords(words);
  if (said === undefined || COLON.test(parted)) return said;
  // Without a colon it may be a sentence about verdicts.
  return said.known && (/^[–—|→-]/.test(parted) ? true : said.plain && /^[^\p{L}]*\p{Lu}{2}/u.test(words))
    ? said
    : undefined;
}

/** The word may stand on the next line, alone or in capitals. */
function below(lines: readonly string[], index: number, isLabel: boolean): ReadWords | undefined {
  if (!isLabel) return undefined;
  const next = lines.slice(index + 1).findIndex((line) => line.trim() !== '');
  if (next < 0 || isOwnLine(lines, index + 1 + next)) return undefined;
  const said = readWords(lines[index + 1 + next]!);
  return said?.known && said.plain ? said : undefined;
}

/** `STATUS: fail` and `SUMMARY: …`, up to a line of dashes. */
function blockAt(lines: readonly string[], from: number): SaidVerdict | undefined {
  const rest = lines.slice(from, from + MAX_BLOCK);
  const end = rest.findIndex((line) => BLOCK_END.test(line));
  const block = end < 0 ? rest : rest.slice(0, end);
  const status = fieldOf(block, 'STATUS') ?? fieldOf(block, 'VERDICT');
  const said = status === undefined ? undefined : readWords(status);
  if (said === undefined) return undefined;
  const note = said.note ?? fieldOf(block, 'SUMMARY') ?? fieldOf(block, 'REASON');
  return { verdict: said.verdict, ...(note === undefined ? {} : { note: note.slice(0, MAX_NOTE) }) };
}

/** The first value of a field that is not empty, whatever marks stand round its name. */
export function fieldOf(lines: readonly string[], name: string): string | undefined {
  const field = new RegExp(String.raw`^[\s>#*_\`~|•+-]*${name}[\s*_\`~]*[:=|]\s*(.*)$`, 'i');
  for (const line of lines) {
    const value = field.exec(line)?.[1]?.trim();
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
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

/** The verdict that a structured answer has under `verdict`; every other field is the user's own. */
export function verdictOfAnswer(answer: unknown): SaidVerdict | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const fields = answer as Record<string, unknown>;
  const word = fields['verdict'];
  if (typeof word !== 'string') return undefined;
  const said = readWords(word);
  if (said === undefined) return undefined;
  const other = [fields['question'], fields['reason'], fields['summary']].find((value) => typeof value === 'string');
  const note = said.note ?? other?.slice(0, MAX_NOTE);
  return { verdict: said.verdict, ...defined({ note }) };
}
