import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { liveFrame, widestName } from '../../../src/cli/render/live-frame.js';
import { LiveRun } from '../../../src/cli/render/live-state.js';
import { createStyles, paint } from '../../../src/cli/terminal.js';
import { widthOf } from '../../../src/cli/render/width.js';
import type { LiveStep } from '../../../src/client/describe.js';
import type { ProgressView, StepView } from '../../../src/contract/run-messages.js';
import { countStatuses } from '../../../src/contract/statuses.js';
import { checkPlan } from '../../../src/plan/check/check-plan.js';
import type { Plan } from '../../../src/plan/model/plan.js';

const colors = pc.createColors(false);
const START = 1_000_000;

function planOf(steps: Record<string, unknown>[]): Plan {
  const checked = checkPlan({ plan_id: 'gate', steps });
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  return checked.value.plan;
}

function runOf(plan: Plan | undefined, steps: StepView[], more: Partial<ProgressView> = {}): LiveRun {
  const run = new LiveRun(plan);
  const counts = countStatuses(steps);
  const total_steps = plan?.steps.length ?? steps.length;
  run.take(steps, {
    run_id: 'gate-25c1',
    plan_id: 'gate',
    status: 'running',
    version: 1,
    total_steps,
    counts,
    warnings: 0,
    held: [],
    started_at: START,
    steps: [],
    ...more,
  });
  return run;
}

function frame(run: LiveRun, columns = 100, rows = 30, seconds = 42): string[] {
  const screen = { columns, rows, widest: widestName(run), now: START + seconds * 1000 };
  return liveFrame(colors, run, screen).map((line) => line.replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/, '@'));
}

const step = (id: string, status: StepView['status'], more: Partial<StepView> = {}): StepView => ({
  id,
  status,
  attempts: 1,
  started_at: START + 10_000,
  ...more,
});

const gate = planOf([
  { id: 'lint', command: 'true' },
  { id: 'types', name: 'Check the types', command: 'true' },
  { id: 'extract', command: 'true', foreach: ['a', 'b'] },
  { id: 'deploy', command: 'true', locks: ['db'] },
  { id: 'flaky', command: 'true', retries: 5 },
  { id: 'release', step_def: { type: 'approval', message: 'Release v1.2?' } },
  { id: 'pause', step_def: { type: 'wait', seconds: 60 } },
  { id: 'bad', command: 'true' },
  { id: 'later', command: 'true' },
]);

function busyGate(): LiveRun {
  const run = runOf(gate, [
    step('lint', 'success', { finished_at: START + 11_500, attempts: 2 }),
    step('types', 'running'),
    step('extract', 'running', { items: { total: 40, ended: 12, failed: 1 } }),
    step('deploy', 'running', {
      waits_for: 'lock',
      waits_since: START,
      message: "waits for lock 'db', held by run 'lk1'",
    }),
    step('flaky', 'running'),
    step('release', 'waiting', { waits_for: 'approval', message: 'Release v1.2?' }),
    step('pause', 'waiting', { waits_for: 'time' }),
    step('bad', 'failed', {
      reason: 'exit_non_zero',
      message: 'ExitError: exited with code 3',
      finished_at: START + 20_000,
    }),
  ]);
  run.live = new Map<string, LiveStep>([
    ['types', { last_line: 'src/a.ts\u001b[31m ok' }],
    ['flaky', { attempt: 2, next_at: START + 66_000, last_failure: 'ExitError: exited with code 1' }],
  ]);
  return run;
}

test('a frame says what ended last, what failed, what waits for whom, what runs, and the sum', () => {
  expect(frame(busyGate())).toEqual([
    '✓ lint                      1.5s  2 attempts',
    '✗ bad                      10.0s  exited with code 3',
    '? release                    32s  asks: Release v1.2?   orch approve gate-25c1 release',
    '… pause                      32s  waits, 28s to go',
    '@ types: Check the types     32s  src/a.ts ok',
    '@ extract                    32s  12/40 items, 1 failed',
    "… deploy                     42s  waits for lock 'db', held by run 'lk1'",
    '@ flaky                      32s  attempt 2/6 in 24s (exited with code 1)',
    '2/9 done · 1 failed · 4 running · 2 waiting · 00:42',
  ]);
});

test.each([
  ['it asks: Which port?', 'asks: Which port?'],
  ['it needs a person: after 1 fix round: exited with code 1', 'needs a person: after 1 fix round: exited with code 1'],
])('an agent says itself that it asks: %s', (message, text) => {
  const run = runOf(undefined, [step('api', 'waiting', { waits_for: 'answer', message })]);
  expect(frame(run, 160)[0]).toBe(`? api          32s  ${text}   orch answer gate-25c1 api TEXT`);
});

test('on a narrow terminal the question is cut, never the command that answers it', () => {
  expect(frame(busyGate(), 48)).toEqual([
    '✓ lint                1.5s  2 attempts',
    '✗ bad                10.0s  exited with code 3',
    '? release              32s  asks: Release v1.2?',
    '                 orch approve gate-25c1 release',
    '… pause                32s  waits, 28s to go',
    '@ types: Check th…     32s  src/a.ts ok',
    '@ extract              32s  12/40 items, 1 fai…',
    "… deploy               42s  waits for lock 'db…",
    '@ flaky                32s  attempt 2/6 in 24s…',
    '2/9 done · 1 failed · 4 running · 2 waiting · …',
  ]);
});

test.each([12, 20, 60, 80, 200])('no line is as wide as a terminal of %i columns', (columns) => {
  const run = busyGate();
  run.take([step('types', 'running', { message: '語'.repeat(300) })], run.progress!);
  run.live = new Map([['types', { last_line: '語'.repeat(300) }]]);
  for (const line of frame(run, columns)) expect(widthOf(line)).toBeLessThan(columns);
});

test('the columns of what a step says do not move while steps come and go', () => {
  const run = busyGate();
  const before = frame(run).at(-2)!.indexOf('attempt');
  run.take([step('types', 'success', { finished_at: START + 43_000 }), step('later', 'running')], run.progress!);
  expect(
    frame(run)
      .find((line) => line.includes('attempt 2'))!
      .indexOf('attempt'),
  ).toBe(before);
});

// oxlint-disable-next-line no-control-regex
const LINK = /\u001B\]8;;([^\u0007]*)\u0007(.*?)\u001B\]8;;\u0007/u;
const address = 'file://box/state/runs/gate-25c1/steps/x/1/stdout.log';

function linkedFrame(run: LiveRun, columns: number): string[] {
  const screen = { columns, rows: 30, widest: widestName(run), now: START + 42_000, addressOf: () => address };
  return liveFrame(createStyles(false, true), run, screen).map(paint);
}

test('names are links, without the blanks behind them; signs, texts and the sum are none', () => {
  const links = linkedFrame(busyGate(), 100).map((line) => LINK.exec(line)?.slice(1));
  const names = ['lint', 'bad', 'release', 'pause', 'types: Check the types', 'extract', 'deploy', 'flaky'];
  expect(links).toEqual([...names.map((name) => [address, name]), undefined]);
});

test('links move no column, whatever names, widths and texts are', () => {
  const texts = fc.string({ unit: 'grapheme', maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 120 }), texts, texts, (columns, name, said) => {
      const run = runOf(planOf([{ id: 'x', ...(name.trim() !== '' && { name }), command: 'true' }]), [
        step('x', 'running', { message: said }),
      ]);
      run.live = new Map([['x', { last_line: said }]]);
      const screen = { columns, rows: 30, widest: widestName(run), now: START + 42_000 };
      const plain = liveFrame(colors, run, screen).map(paint);
      expect(linkedFrame(run, columns).map(stripVTControlCharacters)).toEqual(plain);
    }),
  );
});

describe('a large run', () => {
  const ids = Array.from({ length: 10_000 }, (_, i) => `s${i}`);
  const plan = { steps: ids.map((id) => gate.steps[0] && { ...gate.steps[0], id, name: id }) } as unknown as Plan;
  const steps = ids.map((id, i) =>
    step(id, i < 5_000 ? 'success' : i < 5_020 ? 'failed' : i < 6_000 ? 'running' : 'pending', { finished_at: START }),
  );

  test('is shown by what matters, in as many lines as there are', () => {
    const lines = frame(runOf(plan, steps), 80, 16);
    expect(lines).toHaveLength(15);
    expect(lines.slice(0, 3).every((line) => line.startsWith('✓ s49'))).toBe(true);
    expect(lines.slice(3, 8).every((line) => line.startsWith('✗ s50'))).toBe(true);
    expect(lines.slice(-2)).toEqual(['  … and 975 more', '5020/10000 done · 20 failed · 980 running · 00:42']);
  });

  test('is drawn fast enough to be drawn five times a second', () => {
    const run = runOf(plan, steps);
    run.live = new Map(ids.slice(5_020, 6_000).map((id) => [id, { last_line: 'works' }]));
    const widest = widestName(run);
    const began = performance.now();
    for (let i = 0; i < 20; i += 1) liveFrame(colors, run, { columns: 80, rows: 40, widest, now: START });
    expect((performance.now() - began) / 20).toBeLessThan(50);
  });
});

test('the steps of a sub-plan stand below the step that runs it', () => {
  const plan = planOf([
    { id: 'child', step_def: { type: 'plan', plan: 'sub.yaml' } },
    { id: 'other', command: 'true' },
  ]);
  const run = runOf(plan, [step('child', 'running', { sub_runs: ['gate.child'] }), step('other', 'running')]);
  const sub = runOf(planOf([{ id: 'compile', name: 'Compile it', command: 'true' }]), [step('compile', 'running')]);
  run.subRuns.set('gate.child', sub);
  expect(frame(run)).toEqual([
    '@ child                          32s',
    '  @ compile: Compile it          32s',
    '@ other                          32s',
    '0/2 done · 2 running · 00:42',
  ]);
});

test('an instance that waits for its next attempt is told beside the counts', () => {
  const run = runOf(gate, [step('extract', 'running', { items: { total: 3, ended: 2, failed: 0 } })]);
  run.live = new Map([['extract[1]', { attempt: 2, next_at: START + 45_000, last_failure: 'no route' }]]);
  expect(frame(run)[0]).toBe('@ extract                    32s  2/3 items, [1] attempt 2 in 3s (no route)');
});

test('a run that says nothing, is paused or waits itself says so', () => {
  const run = new LiveRun(undefined);
  expect(frame(run)).toEqual(['waiting for the run to begin']);
  run.silence = 'The run has not answered in time: its worker is busy; still waiting (it reads a long history)';
  expect(frame(run, 60)).toEqual([
    'The run has not answered in time: its worker is busy;',
    'still waiting (it reads a long history)',
    'waiting for the run to answer',
  ]);
  const paused = runOf(undefined, [], { status: 'paused', waits_for: "waits for lock 'db', held by run 'x'" });
  paused.silence = 'no worker answers; still waiting';
  expect(frame(paused)).toEqual([
    'no worker answers; still waiting',
    "paused · 0/0 done · 00:42 · the run waits for lock 'db', held by run 'x'",
  ]);
});
