/** What a prompt says of the line that ends an answer. */
const HEAD = `## Verdict

End your answer with one line that says how it went:`;

const ITEMS = [
  ['PASS', 'the task is done'],
  ['WARN reason', 'it is done, but somebody should look at something'],
  ['FAIL reason', 'it cannot be done'],
  ['QUESTION question', 'you need an answer before you can continue; you will be given it'],
] as const;

/** What those say of it that the scripts of teams read: they take every word but these two for a pass. */
const DISPATCH_ITEMS = [
  ['CLEAN', 'the task is done'],
  ['NEEDS_ATTENTION WARN reason', 'it is done, but somebody should look at something'],
  ['NEEDS_ATTENTION FAIL reason', 'it cannot be done'],
  ['NEEDS_ATTENTION QUESTION question', 'you need an answer before you can continue; you will be given it'],
] as const;

const REVIEW_ITEMS = [
  ['PASS', 'the task is done, and done well enough'],
  ['FAIL reason', 'something must be changed first'],
] as const;

const DISPATCH_REVIEW_ITEMS = [
  ['CLEAN', 'the task is done, and done well enough'],
  ['NEEDS_ATTENTION FAIL reason', 'something must be changed first'],
] as const;

type Items = readonly (readonly [string, string])[];

/** The words that an agent is to end its answer with: orch's own, or those that dispatch scripts know. */
export type VerdictWords = 'orch' | 'dispatch';

/** The end of the prompt of a task. */
export function verdictSection(words: VerdictWords = 'orch'): string {
  return `${HEAD}\n\n${list(words === 'orch' ? ITEMS : DISPATCH_ITEMS)}`;
}

/** The list at the end of the prompt of a review. */
export function reviewVerdicts(words: VerdictWords = 'orch'): string {
  return list(words === 'orch' ? REVIEW_ITEMS : DISPATCH_REVIEW_ITEMS);
}

function list(items: Items): string {
  return items.map(([words, meaning]) => `- \`VERDICT: ${words}\`: ${meaning}`).join('\n');
}

/** The lines of these lists, as they are compared. */
const OWN = new Set(
  [ITEMS, DISPATCH_ITEMS, REVIEW_ITEMS, DISPATCH_REVIEW_ITEMS].flatMap((items: Items) =>
    items.map(([words, meaning]) => bare(`VERDICT: ${words}: ${meaning}`)),
  ),
);

/**
 * Whether a line is one of those lists, echoed. An agent may say the same words of its own, so a line that has lost its
 * marks counts only with another one of the list beside it.
 */
export function isOwnLine(lines: readonly string[], index: number): boolean {
  if (!isListed(lines[index])) return false;
  if (/`\s*VERDICT:[^`]*`\s*:/i.test(lines[index]!)) return true;
  const before = lines.slice(0, index).findLast((line) => line.trim() !== '');
  const after = lines.slice(index + 1).find((line) => line.trim() !== '');
  return isListed(before) || isListed(after);
}

function isListed(line: string | undefined): boolean {
  return line !== undefined && OWN.has(bare(line));
}

/** Only the words, in small letters. */
function bare(line: string): string {
  return line
    .toLowerCase()
    .replaceAll(/[^a-z_]+/g, ' ')
    .trim();
}
