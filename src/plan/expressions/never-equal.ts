import type { InputSpec } from '../model/plan.js';
import { didYouMean } from '../problems/suggest.js';
import type { Comparison } from './comparisons.js';
import { problem, type ExpressionProblem } from './problem.js';
import { describeRead, STEP_ENDS, type Read } from './reads.js';

/** What an input must be for its checks; the document may be wrong anywhere. */
export type InputShape = Partial<Pick<InputSpec, 'type' | 'enum'>>;

/** Words for ends of steps in other systems. */
const OTHER_WORDS: ReadonlyMap<string, (typeof STEP_ENDS)[number]> = new Map([
  ['succeeded', 'success'],
  ['successful', 'success'],
  ['completed', 'success'],
  ['passed', 'success'],
  ['ok', 'success'],
  ['failure', 'failed'],
  ['fail', 'failed'],
  ['error', 'failed'],
  ['timeout', 'failed'],
  ['timed_out', 'failed'],
  ['aborted', 'canceled'],
  ['warn', 'warning'],
  ['skip', 'skipped'],
]);

/** Says why a comparison is always the same, whatever the run brings; undefined where it may be either. */
export function neverEqual(
  { read, literals }: Comparison,
  inputOf: (name: string) => InputShape | undefined,
): ExpressionProblem | undefined {
  for (const literal of literals) {
    if (literal === '') continue; // asks whether there is anything
    const found = read.root === 'inputs' ? wrongInput(read, literal, inputOf(read.name)) : wrongResult(read, literal);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Literal = Comparison['literals'][number];

function wrongResult(read: Read, literal: Literal): ExpressionProblem | undefined {
  if (read.root !== 'prev') return undefined;
  if (read.property === 'status' && typeof literal === 'string' && !STEP_ENDS.some((end) => end === literal)) {
    const meant = OTHER_WORDS.get(literal.toLowerCase().replaceAll(/[ -]/g, '_'));
    const hint = meant === undefined ? didYouMean(literal, STEP_ENDS) : `did you mean '${meant}'?`;
    return never(read, literal, hint ?? `it is one of ${STEP_ENDS.join(', ')}`);
  }
  if (read.property === 'outputs' && read.output === 'stdout' && isNumber(literal))
    return never(read, literal, asNumber(read));
  return undefined;
}

/** By the type of an input and that of the literal. */
const CONVERSIONS: Readonly<Record<string, string>> = {
  'integer string': 'it is a whole number; write the number without quotes',
  'number string': 'it is a number; write the number without quotes',
  'boolean string': 'it is true or false; write true or false without quotes',
};

function wrongInput(read: Read, literal: Literal, spec: InputShape | undefined): ExpressionProblem | undefined {
  if (spec === undefined) return undefined;
  const type = spec.type ?? 'string';
  const hint = type === 'string' && isNumber(literal) ? asNumber(read) : CONVERSIONS[`${type} ${typeof literal}`];
  if (hint !== undefined) return never(read, literal, hint);
  const allowed = spec.enum;
  if (!Array.isArray(allowed) || typeof literal !== 'string' || allowed.includes(literal)) return undefined;
  const names = allowed.map(String);
  return never(read, literal, didYouMean(literal, names) ?? `it is one of ${names.join(', ')}`);
}

/** How a text is compared with a number. */
export function asNumber(read: Read): string {
  return `it is text; int(${describeRead(read)}) makes it a number`;
}

function isNumber(literal: Literal): boolean {
  return typeof literal === 'number' || typeof literal === 'bigint';
}

function never(read: Read, literal: Literal, hint: string): ExpressionProblem {
  const said = typeof literal === 'string' ? `'${literal}'` : String(literal);
  return problem('never_equal', `${describeRead(read)} is never ${said}`, read.offset, hint);
}
