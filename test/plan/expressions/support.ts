import {
  checkExpression,
  evaluate,
  parseExpression,
  type Evaluation,
  type Expression,
  type ExpressionProblem,
  type ExpressionScope,
  type ExpressionValues,
} from '../../../src/plan/expressions/index.js';

/** Values that the tables of the tests read. */
export const VALUES: ExpressionValues = {
  prev: {
    snapshot_repo: { status: 'success', exit_code: 0, attempts: 1, duration_sec: 12, outputs: {} },
    'kebab-id': { status: 'failed', exit_code: 2, attempts: 3, duration_sec: 0.5, outputs: { 'out-put': 'k' } },
    'dotted.id': { status: 'warning', exit_code: 7, attempts: 1, outputs: {} },
    never: { status: 'skipped', attempts: 0, outputs: {} },
    a: {
      status: 'success',
      exit_code: 0,
      attempts: 2,
      duration_sec: 60,
      outputs: {
        files: ['x.ts', 'y.ts'],
        count: 3,
        ratio: 0.5,
        empty: [],
        text: 'hello',
        size: '12',
        share: '0.5',
        report: { ok: true, 'odd key': [1, 2, { deep: null }], constructor: 'mine', __proto__: null },
        nothing: null,
        yes: true,
      },
    },
  },
  env: { DRY_RUN: '1', HOME: '/root', 'ODD.NAME': 'odd' },
  inputs: { n: 5, mode: 'fast', flag: true, half: 2.5, list: [3, 1, 2], 'kebab-input': 'k' },
  run: { id: 'demo-1', attempt: 1 },
  item: { name: 'alpha', n: 4 },
  index: 2,
};

/** A scope in which everything of {@link VALUES} is there. */
const SCOPE: ExpressionScope = {
  stepIds: new Set([...Object.keys(VALUES.prev), 'later']),
  ancestorsOf: (step) => step !== 'later',
  inputNames: new Set(Object.keys(VALUES.inputs)),
  foreach: true,
  wanted: 'any',
};

/** Parses what must parse. */
export function parsed(text: string): Expression {
  const result = parseExpression(text);
  if (!result.ok) throw new Error(`${text}: ${result.error.message}`);
  return result.value;
}

/** Parses and works out. */
export function run(text: string, values: ExpressionValues = VALUES): Evaluation {
  return evaluate(parsed(text), values);
}

/** All problems of a text, of whatever kind. */
export function problemsOf(text: string, scope: Partial<ExpressionScope> = {}): ExpressionProblem[] {
  const result = parseExpression(text);
  return result.ok ? checkExpression(result.value, { ...SCOPE, ...scope }) : [result.error];
}
