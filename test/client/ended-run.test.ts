import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { DescribedRun } from '../../src/client/describe.js';
import { asProgress, endedProgress, explainEnded, type ReadFiles } from '../../src/client/ended-run.js';
import { manifestOf, type RunAbout, type RunEvent } from '../../src/journal/index.js';
import { checkPlan } from '../../src/plan/check/check-plan.js';
import { runAbout } from '../support/run-about.js';

const TIME = '2026-01-01T00:00:00.000Z';
const source = {
  plan_id: 'test',
  version: '1.0',
  steps: [
    { id: 'gate', step_def: { type: 'approval' }, ui_hints: { group: 'first', weight: 2 }, tags: ['t'] },
    { id: 'a', command: 'true', depends_on: ['gate'] },
  ],
};
const step = (id: string, depends_on: string[]): RunAbout['steps'][number] => ({
  id,
  name: id,
  kind: 'command',
  depends_on,
  fallback_of: null,
  finally: false,
  foreach: false,
});
const about = runAbout({
  plan_id: 'test',
  engine_version: 3,
  steps: [step('gate', []), step('a', ['gate'])],
});
const events: RunEvent[] = [
  { v: 1, seq: 1, time: TIME, type: 'run-started' },
  { v: 1, seq: 2, time: TIME, type: 'step-canceled', step: 'gate', reason: 'run_canceled' },
  { v: 1, seq: 3, time: TIME, type: 'step-canceled', step: 'a', reason: 'run_canceled' },
  { v: 1, seq: 4, time: TIME, type: 'run-finished', status: 'canceled', reason: 'run_canceled' },
] as RunEvent[];
const described = (temporal_run_id: string, finished_at = Date.parse(TIME)): DescribedRun => ({
  run: { run_id: 'r', plan_id: 'test', status: 'canceled', started_at: 0, finished_at },
  workflow_type: 'runPlan',
  temporal_run_id,
  events: 3,
  pending: new Map(),
});
const whole: ReadFiles = async () => ({ manifest: manifestOf(about, events), plan: source });
const open: ReadFiles = async () => ({ manifest: manifestOf(about, events.slice(0, 2)), plan: source });
/** Whatever is asked of it is one question too many. */
const nobody = {} as Client;

test('a canceled run is told of by its record alone', async () => {
  const progress = await endedProgress(nobody, described('t'), undefined, whole);
  expect(progress).toMatchObject({
    status: 'canceled',
    total_steps: 2,
    counts: { canceled: 2, success: 0 },
    steps: [
      { id: 'gate', status: 'canceled', reason: 'run_canceled', group: 'first', weight: 2, tags: ['t'] },
      { id: 'a', status: 'canceled', reason: 'run_canceled' },
    ],
  });
  const checked = checkPlan(source);
  if (!checked.ok) throw new Error('the plan is not valid');
  expect(explainEnded(checked.value.plan, progress!, 'a')).toEqual({
    step: 'a',
    status: 'canceled',
    lines: ['The run was canceled.'],
  });
  expect(explainEnded(checked.value.plan, progress!, 'b')).toBeUndefined();
});

test('a record that is not whole, or of another run of that id, tells nothing', async () => {
  expect(await endedProgress(nobody, described('t'), undefined, open)).toBeUndefined();
  expect(
    await endedProgress(nobody, described('other', Date.parse(TIME) + 3_600_000), undefined, whole),
  ).toBeUndefined();
  expect(await endedProgress(nobody, described('t'), undefined, undefined)).toBeUndefined();
});

test('what was taken over from another run is said to be from there', () => {
  const checked = checkPlan(source);
  if (!checked.ok) throw new Error('the plan is not valid');
  const reused = { id: 'a', status: 'success', attempts: 0, reason: 'reused', message: 'from other' } as const;
  const progress = asProgress(
    { run_id: 'r', plan_id: 'test', status: 'succeeded', warnings: 0, started_at: 1, finished_at: 2, steps: [reused] },
    undefined,
  );
  expect(explainEnded(checked.value.plan, progress, 'a')?.lines).toEqual(['Its result was taken over: from other']);
});
