import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { admitPlan } from '../../dist/activities/admit-plan.js';
import { checkPlan } from '../../src/plan/index.js';

const planOf = (steps: unknown[]): { source: unknown } => ({ source: { plan_id: 'p', version: '1.0', steps } });
const many = (more: object = {}): unknown[] =>
  Array.from({ length: 2000 }, (_, i) => ({
    id: `s${i}`,
    command: 'true',
    name: `The step with the number ${i}`,
    ...more,
  }));

/** The verdict, and whether anything else had its turn meanwhile. */
async function verdictOn(asked: { source: unknown }): Promise<{ verdict: unknown; blocked: boolean }> {
  let blocked = true;
  setImmediate(() => (blocked = false));
  return { verdict: await admitPlan(asked), blocked };
}

test('a plan is answered with its defaults, as history keeps it', async () => {
  const asked = planOf([{ id: 'a', command: 'true' }]);
  const checked = checkPlan(asked.source);
  expect(await admitPlan(asked)).toEqual({ ok: true, plan: checked.ok && checked.value.plan, plans: [] });
});

test('a large plan comes to the same, and nothing waits for its check', async () => {
  const asked = planOf(many());
  const checked = checkPlan(asked.source);
  const plan = checked.ok && checked.value.plan;
  expect(await verdictOn(asked)).toEqual({ verdict: { ok: true, plan, plans: [] }, blocked: false });
});

test('a plan that is wrong is answered with what is wrong, a hundred things at most', async () => {
  const { verdict, blocked } = await verdictOn(planOf(many({ depends_on: ['nowhere'] })));
  const { ok, diagnostics } = verdict as { ok: boolean; diagnostics: { code: string }[] };
  expect({ ok, blocked, count: diagnostics.length, first: diagnostics[0]!.code }).toEqual({
    ok: false,
    blocked: false,
    count: 100,
    first: 'unknown_dependency',
  });
});

test('plans that do not fit into an event of history are refused', async () => {
  const text = randomBytes(2_000_000).toString('base64');
  const verdict = await admitPlan(planOf([{ id: 'a', command: 'cat', stdin: text }]));
  expect(verdict).toMatchObject({ ok: false, diagnostics: [{ code: 'plan_too_large', severity: 'error' }] });
  expect(verdict).not.toHaveProperty('plan');
});

test('a check that nobody waits for any more ends, and takes no time from the next one', async () => {
  const gone = new AbortController();
  const reason = new Error('the task is out of time');
  const verdict = admitPlan(planOf(many()), gone.signal);
  gone.abort(reason);
  await expect(verdict).rejects.toBe(reason);
});
