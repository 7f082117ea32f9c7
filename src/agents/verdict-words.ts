import type { Verdict } from '../plan/model/turn-end.js';

/** A verdict, and what was said with it. */
export interface SaidVerdict {
  verdict: Verdict;
  /** The text of a question, or the reason. */
  note?: string;
}

/** Characters of a note that are kept. */
export const MAX_NOTE = 2000;

const GOOD = String.raw`(?:pass(?:e[ds]|ing)?|clean|ok(?:ay)?|success(?:ful(?:ly)?)?|succeeded|approved?|accept(?:ed|able)?|lgtm)`;
const NOT = String.raw`(?:(?:it )?(?:(?:do|does|did|is|was|has|have|can|could|will|should) )?(?:not|never|no|non)|cannot|(?:ca|do|does|did|is|was|wo)n['’]t)`;

/** The words that agents and their scripts use, by what they mean; the first that a text begins with counts. */
const MEANINGS: readonly (readonly [Verdict, RegExp])[] = [
  [
    'fail',
    words(
      String.raw`${NOT} (?:be |been |yet |a |an )?(?:${GOOD}|done|complete|ready|good|go|merge|ship)`,
      'fail(?:s|ed|ing|ures?)?',
      'block(?:s|er|ing)?',
      'reject(?:s|ed|ing|ion)?',
      'den(?:y|ied)',
      'declined?',
      'refused?',
      'disapproved?',
      'changes? (?:are )?(?:requested|required|needed)',
      'request(?:s|ed|ing)? changes?',
      'needs? (?:more )?(?:work|changes?|fix(?:es|ing)?|revision|rework)',
      'unsuccessful',
      'unacceptable',
      'incomplete',
    ),
  ],
  ['pass', words(GOOD)],
  ['warn', words('warn(?:s|ed|ings?)?', 'needs? attention')],
  ['error', words('error(?:s|ed)?', 'crash(?:ed)?')],
  ['question', words('questions?')],
  ['escalated', words('escalated?', 'blocked', 'needs? (?:a )?(?:human|person)')],
];

/** Each blank may be an underscore or a hyphen, too. */
function words(...alternatives: string[]): RegExp {
  const any = alternatives.join('|').replaceAll(' ', String.raw`[\s_-]+`);
  return new RegExp(String.raw`^(?:${any})(?![A-Za-z0-9])`, 'i');
}

/** What makes a pass one with a condition, which is none. */
const CONDITION =
  /^[\s,;:.!(–—-]*(?:but|except|unless|if|once|pending|provided|although|however|conditional(?:ly)?|with (?:[a-z]+ )?(?:warning|reservation|concern|condition|caveat|issue|exception|failure|error)s?)\b/i;

/** Signs that stand for a word, or before one. */
const SIGNS: readonly (readonly [Verdict, RegExp])[] = [
  ['fail', /[❌❎✖✗✘🔴🛑⛔🚫👎]/u],
  ['warn', /[⚠🟡🟠]/u],
  ['question', /[❓❔]/u],
  ['pass', /[✅✔☑🟢👍]/u],
];

const NAME =
  '(?:pass(?:ed)?|warn(?:ing)?|fail(?:ed)?|error|question|escalated?|clean|needs[_ -]attention|ok|approved?|reject(?:ed)?|block(?:ed)?|changes[_ -]requested)';
const MARKS = '[<>\\[\\]()*_`"\']*';
const BETWEEN = String.raw`\s*(?:,?\s*\b(?:or|and)\b|\\?\||[/,])\s*`;
/** A word in brackets, or one that the instructions have in its place. */
const PLACE = String.raw`(?:\s+(?:\[[^\]]*\]|<[^>]*>|\([^)]*\)|reason|question))?`;
/** The choices, and nothing else. */
const CHOICES = new RegExp(
  String.raw`^${MARKS}${NAME}${MARKS}${PLACE}(?:${BETWEEN}${MARKS}${NAME}${MARKS}${PLACE})+[\s.…:|<>\])*_\`"']*$`,
  'i',
);
/** A pass or something else, and more words. */
const UNDECIDED = new RegExp(String.raw`^${GOOD}${MARKS}${BETWEEN}${MARKS}${NAME}(?![A-Za-z0-9])`, 'i');

/** What the words behind a label say. */
export interface ReadWords extends SaidVerdict {
  /** Whether it is a word that is known. */
  known: boolean;
  /** Whether it stands alone, or in capitals. */
  plain: boolean;
}

/**
 * Reads a verdict from the words behind its label.
 *
 * @returns undefined where they only repeat the choices, or are a place for words; `warn` for a word that nobody knows,
 *   for a pass with a condition, and for a pass that is one of several words
 */
export function readWords(rest: string): ReadWords | undefined {
  const whole = rest.trim();
  if (CHOICES.test(whole)) return undefined;
  const start = /[\p{L}\p{N}]/u.exec(whole)?.index ?? whole.length;
  const sign = SIGNS.find(([, each]) => each.test(whole.slice(0, start)))?.[0];
  const text = whole.slice(start).replace(/[\s*_`~|]+$/, '');
  if (text === '') return sign === undefined ? undefined : { verdict: sign, known: true, plain: true };
  if (UNDECIDED.test(text)) return unsure(`ambiguous verdict: ${text}`);
  const [verdict, word] = meaningOf(text) ?? [];
  if (verdict === undefined || word === undefined) {
    if (/^[`*_"']*[<[{(]/.test(whole) && /[>\]})][`*_"']*$/.test(whole)) return undefined;
    return sign === undefined
      ? unsure(`unknown verdict: ${text}`)
      : { verdict: sign, known: true, plain: true, ...noteOf(text) };
  }
  const after = text.slice(word.length);
  if (verdict === 'pass' && CONDITION.test(after)) return { ...unsure(text), known: true };
  const note = after.replace(/^["'`*_\])>}]*\s*[:,.;!–—-]*\s*/, '');
  // `NEEDS_ATTENTION FAIL reason`: some scripts know no other word.
  if (/^needs/i.test(word) && /^(?:WARN|FAIL|ERROR|QUESTION|ESCALATED)\b/.test(note)) return readWords(note);
  return { verdict, known: true, plain: note === '' || word === word.toUpperCase(), ...noteOf(note) };
}

/** The verdict of the first words, and those of them that said so. */
function meaningOf(text: string): [Verdict, string] | undefined {
  for (const [verdict, pattern] of MEANINGS) {
    const [word] = pattern.exec(text) ?? [];
    if (word !== undefined) return [verdict, word];
  }
  // `Definite FAIL`, `Tests FAILED`: in capitals it is the verdict, also behind other words.
  const [, loud] = /^(?:\S{1,40}\s+){1,3}?(FAIL(?:ED|URE)?|REJECT(?:ED)?|BLOCK|ERROR)\b/.exec(text) ?? [];
  return loud === undefined ? undefined : [loud === 'ERROR' ? 'error' : 'fail', ''];
}

function unsure(note: string): ReadWords {
  return { verdict: 'warn', known: false, plain: false, ...noteOf(note) };
}

function noteOf(text: string): { note?: string } {
  const note = text.trim().slice(0, MAX_NOTE);
  return note === '' ? {} : { note };
}
