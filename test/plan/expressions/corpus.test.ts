import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { evaluate, parseExpression } from '../../../src/plan/expressions/index.js';
import { VALUES } from './support.js';

interface Row {
  expression: string;
  /** What it comes to, or the words of its refusal. */
  gives: unknown;
}
const CORPUS = JSON.parse(readFileSync(new URL('corpus.json', import.meta.url), 'utf8')) as Row[];

const WHAT_TO_DO = `An expression gives something else than it did.
Conditions, loops and templates of open runs are worked out anew whenever Temporal replays them, so such a run would decide
otherwise than its history says, and stand still. Go back to the version of the CEL library that package.json had, or keep
the old meaning for runs that are open: raise ENGINE_VERSION, and evaluate as before for those below it.`;

test.each(CORPUS)('$expression', ({ expression, gives }) => {
  expect(outcomeOf(expression), WHAT_TO_DO).toEqual(gives);
});

test('the CEL library is pinned to one version: an upgrade is a decision, and these rows are its test', () => {
  interface Package {
    version: string;
    dependencies?: Record<string, string>;
  }
  const read = (file: string): Package =>
    JSON.parse(readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')) as Package;
  const pinned = read('package.json').dependencies?.['@marcbachmann/cel-js'];
  expect(pinned).toMatch(/^\d+\.\d+\.\d+$/);
  expect(read('node_modules/@marcbachmann/cel-js/package.json').version).toBe(pinned);
});

function outcomeOf(expression: string): unknown {
  const parsed = parseExpression(expression);
  if (!parsed.ok) return { refused: parsed.error.message };
  const problem = parsed.value.problems[0];
  if (problem !== undefined) return { refused: problem.message };
  const result = evaluate(parsed.value, VALUES);
  return result.ok ? { value: result.value } : { fails: result.message };
}
