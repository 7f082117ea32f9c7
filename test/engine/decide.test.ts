import { describe, expect, test } from 'vitest';
import { decide, startRun } from '../../src/engine/index.js';
import { drive } from './drive.js';
import { programOf, report } from './programs.js';

const diamond = {
  a: {},
  b: { depends_on: ['a'] },
  c: { depends_on: ['a'] },
  d: { depends_on: ['b', 'c'] },
};

describe('starting', () => {
  test('a step starts when its own dependencies are done, not when a wave is', () => {
    const run = drive(programOf({ a: {}, slow: {}, b: { depends_on: ['a'] } }));
    expect(run.running).toEqual(['a', 'slow']);
    run.end('a');
    expect(run.running).toEqual(['slow', 'b']);
  });

  test('a join waits for every dependency', () => {
    const run = drive(programOf(diamond));
    run.end('a');
    run.end('c');
    expect(run.running).toEqual(['b']);
    run.end('b');
    expect(run.running).toEqual(['d']);
    run.end('d');
    expect(run.finished).toBe('succeeded');
  });

  test('at most max_concurrency steps hold a slot; a freed slot goes to the one that waits longest', () => {
    const run = drive(programOf({ a: {}, b: {}, c: {}, d: {} }, 2));
    expect(run.running).toEqual(['a', 'b']);
    run.end('b');
    expect(run.running).toEqual(['a', 'c']);
    run.end('a');
    expect(run.running).toEqual(['c', 'd']);
  });

  test('a noop ends at once and takes no slot', () => {
    const noop = { action: { type: 'noop' as const } };
    const run = drive(programOf({ a: {}, n: noop, b: { depends_on: ['n'] } }, 1));
    expect(run.statuses()).toEqual({ a: 'running', n: 'success', b: 'pending' });
    run.end('a');
    expect(run.running).toEqual(['b']);
  });

  test('a plan of noops succeeds without a command but the end', () => {
    const noop = { action: { type: 'noop' as const } };
    expect(startRun(programOf({ a: noop, b: { ...noop, depends_on: ['a'] } }), 5).commands).toEqual([
      { type: 'finish', status: 'succeeded' },
    ]);
  });
});

describe('failing', () => {
  test('abort: running steps are stopped, the rest is canceled, the run fails', () => {
    const run = drive(programOf({ a: {}, b: {}, c: { depends_on: ['b'] } }));
    run.end('a', 'failed');
    expect(run.stopping).toEqual(['b']);
    expect(run.finished).toBeUndefined();
    run.end('b', 'canceled');
    expect(run.finished).toBe('failed');
    expect(run.statuses()).toEqual({ a: 'failed:exit_non_zero', b: 'canceled:aborted', c: 'canceled:aborted' });
    const told = ["'a' failed (exit code 1)", "'a' failed (exit code 1)"];
    expect(run.state.steps.map(({ message }) => message)).toEqual([undefined, ...told]);
  });

  test('a step that succeeds although it was asked to stop counts as canceled', () => {
    const run = drive(programOf({ a: {}, b: {} }));
    run.end('a', 'failed');
    run.end('b', 'success');
    expect(run.statuses()['b']).toBe('canceled:aborted');
  });

  test('a cancel says by whom: of what it stops, and of the run', () => {
    const run = drive(programOf({ a: {}, done: {}, b: { depends_on: ['a'] } }));
    run.end('done');
    run.cancel(false, 'ada');
    run.end('a', 'canceled');
    expect(run.finished).toBe('canceled');
    expect([run.state.canceledBy, ...run.state.steps.map(({ by }) => by)]).toEqual(['ada', 'ada', undefined, 'ada']);
  });

  test('abort overrides trigger rules: all_done does not run after it', () => {
    const run = drive(programOf({ a: {}, b: { depends_on: ['a'], trigger_rule: 'all_done' } }));
    run.end('a', 'failed');
    expect(run.statuses()['b']).toBe('canceled:aborted');
  });

  test('abort on a step that is not critical means skip_dependents, and the run succeeds with a warning', () => {
    const run = drive(programOf({ a: { critical: false }, b: { depends_on: ['a'] }, c: {} }));
    run.end('a', 'failed');
    expect(run.stopping).toEqual([]);
    run.end('c');
    expect(run.finished).toBe('succeeded');
    expect(run.state.warnings).toBe(1);
    expect(run.statuses()['b']).toBe('skipped:dependency_failed');
  });

  test('skip_dependents: dependents at any depth are skipped, others go on, the run fails', () => {
    const run = drive(
      programOf({ a: { on_failure: 'skip_dependents' }, b: { depends_on: ['a'] }, c: { depends_on: ['b'] }, d: {} }),
    );
    run.end('a', 'failed');
    run.end('d');
    expect(run.statuses()).toEqual({
      a: 'failed:exit_non_zero',
      b: 'skipped:dependency_failed',
      c: 'skipped:dependency_failed',
      d: 'success',
    });
    expect(run.finished).toBe('failed');
  });

  test('continue: dependents see ok; critical still fails the run at its end', () => {
    const run = drive(programOf({ a: { on_failure: 'continue' }, b: { depends_on: ['a'] } }));
    run.end('a', 'failed');
    expect(run.running).toEqual(['b']);
    run.end('b');
    expect(run.finished).toBe('failed');
  });

  test('continue and not critical: the run succeeds', () => {
    const run = drive(programOf({ a: { on_failure: 'continue', critical: false }, b: { depends_on: ['a'] } }));
    run.end('a', 'failed');
    run.end('b');
    expect(run.finished).toBe('succeeded');
  });

  test('warning counts as passed, and is counted', () => {
    const run = drive(programOf({ a: {}, b: { depends_on: ['a'] } }));
    run.end('a', 'warning');
    run.end('b');
    expect(run.finished).toBe('succeeded');
    expect(run.state.warnings).toBe(1);
  });
});

const after = (rule: 'all_success' | 'none_failed' | 'all_done') =>
  programOf({ x: { on_failure: 'skip_dependents' }, y: {}, z: { depends_on: ['x', 'y'], trigger_rule: rule } });

describe('trigger rules', () => {
  test.each([
    ['all_success', 'failed', 'skipped:dependency_failed'],
    ['none_failed', 'failed', 'skipped:dependency_failed'],
    ['all_done', 'failed', 'running'],
    ['all_success', 'success', 'running'],
    ['none_failed', 'warning', 'running'],
  ] as const)('%s after %s: %s', (rule, status, expected) => {
    const run = drive(after(rule));
    run.end('x', status);
    expect(run.statuses()['z']).toBe('pending');
    run.end('y');
    expect(run.statuses()['z']).toBe(expected);
  });
});

describe('steering', () => {
  test('skip: a pending step is skipped and its dependents go on', () => {
    const run = drive(programOf({ a: {}, b: { depends_on: ['a'] }, c: { depends_on: ['b'] } }));
    expect(run.skip('b')).toBeUndefined();
    expect(run.running).toEqual(['a', 'c']);
    run.end('a');
    run.end('c');
    expect(run.finished).toBe('succeeded');
    expect(run.statuses()['b']).toBe('skipped:operator');
  });

  test('skip of a step that waits for a slot: it never starts', () => {
    const run = drive(programOf({ a: {}, b: {}, c: {} }, 1));
    run.skip('b');
    run.end('a');
    expect(run.started).toEqual(['a', 'c']);
  });

  test('skip is refused once a step runs, and once it has ended', () => {
    const run = drive(programOf({ a: {}, b: {} }));
    expect(run.skip('a')).toBe('it is running; only a step that has not started can be skipped (cancel it instead)');
    run.end('a', 'success');
    expect(run.skip('a')).toBe('it has already ended: success');
    expect(run.statuses()).toEqual({ a: 'success', b: 'running' });
  });

  test('cancelStep on a running step stops it only; dependents are skipped, the run fails at its end', () => {
    const run = drive(programOf({ a: {}, b: { depends_on: ['a'] }, c: {} }));
    expect(run.cancelStep('a')).toBeUndefined();
    expect(run.stopping).toEqual(['a']);
    expect(run.cancelStep('a')).toBe('it is already being stopped');
    run.end('a', 'canceled');
    expect(run.statuses()).toEqual({ a: 'canceled:operator', b: 'skipped:dependency_failed', c: 'running' });
    run.end('c');
    expect(run.finished).toBe('failed');
  });

  test('cancelStep on a step that is not critical leaves the run to succeed', () => {
    const run = drive(programOf({ a: { critical: false }, b: {} }));
    run.cancelStep('a');
    run.end('a', 'canceled');
    run.end('b');
    expect(run.finished).toBe('succeeded');
    expect(run.state.warnings).toBe(1);
  });

  test('cancel: everything running is stopped once, nothing new starts, the run is canceled', () => {
    const run = drive(programOf({ a: {}, b: {}, c: { depends_on: ['a'], trigger_rule: 'all_done' } }));
    run.cancel();
    run.cancel();
    expect(run.stopping).toEqual(['a', 'b']);
    run.end('a', 'canceled');
    run.end('b', 'success');
    expect(run.finished).toBe('canceled');
    expect(run.statuses()).toEqual({
      a: 'canceled:run_canceled',
      b: 'canceled:run_canceled',
      c: 'canceled:run_canceled',
    });
  });

  test('a cancel while an abort is under way makes the run canceled', () => {
    const run = drive(programOf({ a: {}, b: {} }));
    run.end('a', 'failed');
    run.cancel();
    expect(run.stopping).toEqual(['b']);
    run.end('b', 'canceled');
    expect(run.finished).toBe('canceled');
  });
});

test('an end of a step that does not run is a bug, and said to be one', () => {
  const program = programOf({ a: {}, b: { depends_on: ['a'] } });
  const { state } = startRun(program, 0);
  expect(() => decide(program, state, { type: 'step-ended', step: 1, report: report('success'), at: 1 })).toThrow(
    'Internal error: step 1 ended but is pending',
  );
});

// To look at a step of a plan of 100,000 is to make it, and a replay of its first history made them all.
test('a run looks at steps when they may start, and at no others', () => {
  const names = Array.from({ length: 50 }, (_, i) => `s${i}`);
  const program = programOf({
    ...Object.fromEntries(names.map((name, i) => [name, i === 0 ? {} : { depends_on: [`s${i - 1}`] }])),
    last: { finally: true },
  });
  const seen = new Set<string>();
  const steps = new Proxy(program.plan.steps, {
    get: (list, key) => {
      if (typeof key === 'string' && /^\d/.test(key)) seen.add(program.graph.ids[Number(key)]!);
      return Reflect.get(list, key) as unknown;
    },
  });
  const watched = { ...program, plan: { ...program.plan, steps } };
  const { state } = startRun(watched, 0);
  expect([...seen]).toEqual(['s0']);
  decide(watched, state, { type: 'step-ended', step: 0, report: report('success'), at: 1 });
  expect([...seen]).toEqual(['s0', 's1']);
});
