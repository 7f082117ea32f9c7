import { describe, expect, test } from 'vitest';
import type { RunInput } from '../../../src/contract/run-input.js';
import { checkPlanSet } from '../../../src/plan/files/check-set.js';
import { checkedHere } from '../../../src/workflows/program/input.js';

const step = (id: string, more: object = {}): object => ({ id, command: 'true', ...more });
const inputOf = (source: object, plans: Record<string, object> = {}): RunInput =>
  ({
    engine_version: 1,
    plan: source,
    plan_path: 'main.json',
    plans: Object.fromEntries(Object.entries(plans).map(([name, plan]) => [name, { plan, digest: '' }])),
    inputs: {},
    env: {},
  }) as unknown as RunInput;

/** Accepted once, refused today: a status that none has, a key that nothing knows, and a word that is no number. */
const spoilt = {
  plan_id: 'old',
  version: '1.0',
  steps: [
    step('a', { timeout_sec: 60, later: true }),
    step('b', { depends_on: ['a'], condition: "prev.a.status == 'succeeded'" }),
    { id: 'c', step_def: { type: 'plan', plan: 'sub.json' }, depends_on: ['b'] },
  ],
};
const spoiltSub = { plan_id: 'sub', version: '1.0', steps: [step('x', { condition: 'never this' })] };

describe('a run of a version that checks its plan inside the workflow', () => {
  const input = inputOf(spoilt, { 'sub.json': spoiltSub });

  test('is refused if it has not begun', () => {
    expect(() => checkedHere(input, false)).toThrow(/^The plan is invalid:/);
  });

  test('is touched by no stricter check if it has begun', () => {
    const { plan, graph, subPlans } = checkedHere(input, true);
    expect(plan.steps.map(({ id, timeout_sec, condition }) => [id, timeout_sec, condition])).toEqual([
      ['a', 60, undefined],
      ['b', 1800, "prev.a.status == 'succeeded'"],
      ['c', 'none', undefined],
    ]);
    expect([graph.dependencies, [...subPlans.keys()]]).toEqual([[[], [0], [1]], ['sub.json']]);
  });

  test('has the plan that a check gives, whether it has begun or not', () => {
    const good = { plan_id: 'good', version: '1.0', steps: [step('a', { fallback_step: 'b' }), step('b')] };
    const checked = checkPlanSet({ source: good, path: 'main.json' });
    if (!checked.ok) throw new Error(JSON.stringify(checked.error));
    for (const replaying of [true, false])
      expect(checkedHere(inputOf(good), replaying).plan).toEqual(checked.value.plan);
  });
});
