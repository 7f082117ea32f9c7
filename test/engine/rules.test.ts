import { describe, expect, test } from 'vitest';
import { drive } from './drive.js';
import { programOf } from './programs.js';

const approval = { action: { type: 'approval' as const, approvers: [], inputs: {}, default: 'reject' as const } };
const after = (...depends_on: string[]): { depends_on: string[] } => ({ depends_on });

describe('fallback_step', () => {
  const plan = { a: { fallback_step: 'b' }, b: {}, c: after('a') };

  test('sleeps while its owner goes well, and is not needed then', () => {
    const run = drive(programOf(plan));
    expect(run.running).toEqual(['a']);
    run.end('a');
    expect(run.statuses()).toEqual({ a: 'success', b: 'skipped:not_needed', c: 'running' });
  });

  test('runs where its owner fails; where it succeeds the owner counts as recovered', () => {
    const run = drive(programOf(plan));
    run.end('a', 'failed');
    expect(run.statuses()).toEqual({ a: 'failed:exit_non_zero', b: 'running', c: 'pending' });
    run.end('b');
    run.end('c');
    expect([run.finished, run.state.warnings]).toEqual(['succeeded', 0]);
  });

  test('where it fails, its own on_failure applies', () => {
    const run = drive(
      programOf({
        ...plan,
        b: { on_failure: 'continue', critical: false },
        a: { fallback_step: 'b', critical: false },
      }),
    );
    run.end('a', 'failed');
    run.end('b', 'failed');
    expect(run.running).toEqual(['c']);
    const aborting = drive(programOf({ ...plan, d: {} }));
    aborting.end('a', 'failed');
    aborting.end('b', 'failed');
    expect([aborting.stopping, aborting.statuses()['c']]).toEqual([['d'], 'canceled:aborted']);
  });

  test('where it does not run, the policy of its owner applies', () => {
    const run = drive(programOf({ ...plan, a: { fallback_step: 'b', on_failure: 'continue' } }));
    run.skip('b');
    run.end('a', 'failed');
    expect(run.running).toEqual(['c']);
  });

  test('is not for a step that was canceled', () => {
    const run = drive(programOf(plan));
    run.cancelStep('a');
    run.end('a', 'canceled');
    expect(run.statuses()).toEqual({ a: 'canceled:operator', b: 'skipped:not_needed', c: 'skipped:dependency_failed' });
  });
});

describe('on_failure: skip', () => {
  test('a failure counts as a skip that its dependents do not mind, and changes no outcome', () => {
    const run = drive(programOf({ a: { on_failure: 'skip' }, b: after('a') }));
    run.end('a', 'failed');
    expect(run.statuses()).toEqual({ a: 'skipped:failure_allowed', b: 'running' });
    expect(run.state.steps[0]!.report?.exit_code).toBe(1);
    run.end('b');
    expect([run.finished, run.state.warnings]).toEqual(['succeeded', 0]);
  });

  test('a step that is canceled is canceled all the same', () => {
    const run = drive(programOf({ a: { on_failure: 'skip' }, b: after('a') }));
    run.cancelStep('a');
    run.end('a', 'canceled');
    expect([run.statuses()['a'], run.finished]).toEqual(['canceled:operator', 'failed']);
  });
});

describe('approvals of one key', () => {
  const keyed = { action: { ...approval.action, key: 'k' } };

  test('are asked for once; the answer holds for those that wait, and for those that come later', () => {
    const run = drive(programOf({ a: keyed, b: keyed, c: { ...keyed, ...after('a', 'b') }, d: approval }));
    expect(run.running).toEqual(['a', 'b', 'd']);
    run.decide('b', 'approve', 'ann');
    expect(run.statuses()).toEqual({ a: 'success', b: 'success', c: 'success', d: 'waiting' });
    expect([run.running, run.started]).toEqual([['d'], ['a', 'b', 'd']]);
    const said = run.state.steps.slice(0, 3).map(({ message, report }) => [message, report?.outputs?.['source']]);
    expect(said).toEqual([
      ["approved by ann at 'b'", 'cache'],
      ['approved by ann', 'prompt'],
      ["approved by ann at 'b'", 'cache'],
    ]);
  });

  test('a rejection is an error for all of them', () => {
    const gate = { ...keyed, on_failure: 'skip_dependents' as const };
    const run = drive(programOf({ a: gate, b: gate, c: gate }));
    run.decide('a', 'reject', 'ann');
    expect([run.statuses(), run.finished]).toEqual([
      { a: 'failed:rejected', b: 'failed:rejected', c: 'failed:rejected' },
      'failed',
    ]);
  });

  test('one that is tried again is asked for again', () => {
    const on = { on_failure: 'skip_dependents' as const };
    const run = drive(programOf({ a: { ...keyed, ...on }, b: {} }));
    run.decide('a', 'reject');
    expect(run.retry('a')).toBeUndefined();
    expect(run.statuses()['a']).toBe('waiting');
    run.decide('a', 'approve');
    expect(run.statuses()['a']).toBe('success');
  });

  test('with the policy never nobody is asked: only an earlier approval lets it pass', () => {
    const never = { action: { ...keyed.action, policy: 'never' as const } };
    const refused = drive(programOf({ a: never }));
    expect([refused.started, refused.statuses(), refused.finished]).toEqual([[], { a: 'failed:rejected' }, 'failed']);
    const passed = drive(programOf({ a: keyed, b: { ...never, ...after('a') } }));
    passed.decide('a', 'approve');
    expect([passed.statuses(), passed.finished]).toEqual([{ a: 'success', b: 'success' }, 'succeeded']);
  });
});

describe('finally', () => {
  const plan = { a: {}, b: after('a'), z: { finally: true }, zz: { finally: true, ...after('z') } };

  test.each([
    ['a success', 'success', 'succeeded'],
    ['a failure', 'failed', 'failed'],
  ] as const)('runs after %s, in the order of its own dependencies', (_, end, outcome) => {
    const run = drive(programOf(plan));
    run.end('a', end);
    if (end === 'success') run.end('b');
    expect(run.running).toEqual(['z']);
    run.end('z');
    expect(run.running).toEqual(['zz']);
    run.end('zz');
    expect(run.finished).toBe(outcome);
  });

  test('runs after a cancel; a second one with force ends it', () => {
    const run = drive(programOf(plan));
    run.cancel();
    run.end('a', 'canceled');
    expect(run.running).toEqual(['z']);
    run.cancel(true);
    run.end('z', 'canceled');
    expect(run.finished).toBe('canceled');
    expect(run.statuses()['zz']).toBe('canceled:run_canceled');
  });

  test('a failure in it fails the run, but keeps no other step from cleaning up', () => {
    const run = drive(programOf({ a: {}, y: { finally: true }, z: { finally: true } }));
    run.end('a');
    run.end('y', 'failed');
    expect(run.running).toEqual(['z']);
    run.end('z');
    expect(run.finished).toBe('failed');
  });

  test('has its own time', () => {
    const run = drive(programOf(plan, 8, { finally_timeout_sec: 5 }));
    run.end('a');
    run.end('b');
    run.fire('finally');
    expect(run.stopping).toEqual(['z']);
    run.end('z', 'canceled');
    expect(run.statuses()).toMatchObject({ z: 'canceled:run_timeout', zz: 'canceled:run_timeout' });
  });
});

test('run_timeout_sec stops the run as failed, and lets finally run', () => {
  const run = drive(programOf({ a: {}, b: after('a'), z: { finally: true } }, 8, { run_timeout_sec: 10 }));
  expect(run.timers.get('run')).toBe(10_000);
  run.fire('run');
  run.end('a', 'canceled');
  expect(run.statuses()).toMatchObject({ a: 'canceled:run_timeout', b: 'canceled:run_timeout' });
  run.end('z');
  expect(run.finished).toBe('failed');
});

test('a full history stops the run as failed, lets finally run, and is no news in finally', () => {
  const run = drive(programOf({ a: {}, b: after('a'), z: { finally: true } }));
  run.fill();
  run.end('a', 'canceled');
  expect(run.statuses()).toMatchObject({ a: 'canceled:history_full', b: 'canceled:history_full' });
  expect(run.explain('b')).toEqual(['The history of the run was full, and it could not continue in a new one.']);
  run.fill();
  run.end('z');
  expect([run.statuses()['z'], run.finished]).toEqual(['success', 'failed']);
});

describe('on_abort: quarantine', () => {
  const plan = { a: {}, b: {}, c: after('a'), d: after('b'), z: { finally: true } };
  const quarantined = (): ReturnType<typeof drive> => {
    const run = drive(programOf(plan, 8, { on_abort: 'quarantine' }));
    run.end('a', 'failed');
    return run;
  };

  test('starts stop, running steps finish, nothing is canceled, finally waits', () => {
    const run = quarantined();
    expect([run.state.status, run.stopping]).toEqual(['quarantined', []]);
    run.end('b');
    expect([run.running, run.finished]).toEqual([[], undefined]);
  });

  test('retry tries the step again, and the run continues', () => {
    const run = quarantined();
    run.end('b');
    expect(run.retry('a')).toBeUndefined();
    expect([run.state.status, run.running]).toEqual(['running', ['d', 'a']]);
    run.end('a');
    run.end('d');
    run.end('c');
    run.end('z');
    expect(run.finished).toBe('succeeded');
  });

  test('skip lets the dependents see ok', () => {
    const run = quarantined();
    expect(run.skip('a')).toBeUndefined();
    expect(run.statuses()).toMatchObject({ a: 'skipped:operator', c: 'running' });
  });

  test('resume gives up on the failed steps, as skip_dependents would', () => {
    const run = quarantined();
    expect(run.resume()).toBeUndefined();
    expect(run.statuses()).toMatchObject({ a: 'failed:exit_non_zero', c: 'skipped:dependency_failed' });
    run.end('b');
    run.end('d');
    run.end('z');
    expect(run.finished).toBe('failed');
  });

  test('cancel ends the run', () => {
    const run = quarantined();
    run.cancel();
    run.end('b', 'canceled');
    run.end('z');
    expect(run.finished).toBe('canceled');
  });
});

describe('retry', () => {
  const plan = { a: { on_failure: 'skip_dependents' as const }, b: after('a'), c: after('b'), slow: {} };

  test('sets the step and what was skipped because of it back to pending', () => {
    const run = drive(programOf(plan));
    run.end('a', 'failed');
    expect(run.statuses()).toMatchObject({ b: 'skipped:dependency_failed', c: 'skipped:dependency_failed' });
    const rule = '`trigger_rule: all_success` does not allow that.';
    expect(run.explain('b')).toEqual([`'a' did not succeed. ${rule}`]);
    expect(run.explain('c')).toEqual([`'b' did not succeed, because 'a' failed. ${rule}`]);
    expect(run.retry('a')).toBeUndefined();
    expect(run.statuses()).toEqual({ a: 'running', b: 'pending', c: 'pending', slow: 'running' });
    for (const step of ['a', 'b', 'c', 'slow']) run.end(step);
    expect(run.finished).toBe('succeeded');
  });

  test('is refused once a dependent has started', () => {
    const run = drive(programOf({ ...plan, b: { ...after('a'), trigger_rule: 'all_done' } }));
    run.end('a', 'failed');
    expect(run.retry('a')).toBe("its dependent 'b' has already started");
  });

  test('is refused for what did not fail, and once the run is ending', () => {
    const run = drive(programOf({ ...plan, bad: {} }));
    expect(run.retry('slow')).toBe('only a failed step can be retried; it is running');
    run.end('a', 'failed');
    run.end('bad', 'failed');
    expect(run.retry('a')).toBe('the run is already ending');
  });
});

describe('pause', () => {
  test('holds every start, and lets what runs go on; resume starts what is ready', () => {
    const run = drive(programOf({ a: {}, b: after('a') }));
    expect(run.pause()).toBeUndefined();
    expect(run.pause()).toBe('it is already paused');
    run.end('a');
    expect([run.running, run.state.status]).toEqual([[], 'paused']);
    expect(run.resume()).toBeUndefined();
    expect(run.running).toEqual(['b']);
    expect(run.resume()).toBe('it is neither paused nor quarantined');
  });

  test('a paused run can be canceled', () => {
    const run = drive(programOf({ a: {}, b: after('a') }));
    run.pause();
    run.end('a');
    run.cancel();
    expect(run.finished).toBe('canceled');
  });
});

describe('approvals', () => {
  test('wait without a slot', () => {
    const run = drive(programOf({ ok: approval, a: {}, b: {} }, 1));
    expect(run.statuses()).toEqual({ ok: 'waiting', a: 'running', b: 'pending' });
  });

  test('approve lets dependents go on; a second answer is refused', () => {
    const run = drive(programOf({ ok: approval, a: after('ok') }));
    expect(run.decide('ok', 'approve', 'ann')).toBeUndefined();
    expect(run.statuses()).toEqual({ ok: 'success', a: 'running' });
    expect(run.decide('ok', 'reject', 'bob')).toBe('it has already been approved by ann');
  });

  test('reject fails the step', () => {
    const run = drive(programOf({ ok: approval, a: after('ok') }));
    run.decide('ok', 'reject');
    expect(run.statuses()).toEqual({ ok: 'failed:rejected', a: 'canceled:aborted' });
  });

  test('only those who are named may decide', () => {
    const action = { ...approval.action, approvers: ['ann', 'bob'] };
    const run = drive(programOf({ ok: { action }, a: {} }));
    expect(run.decide('ok', 'approve', 'eve')).toBe('only ann, bob may decide, not eve');
    expect(run.decide('ok', 'approve', 'bob')).toBeUndefined();
    expect(run.decide('a', 'approve', 'bob')).toBe('it is not an approval');
  });

  test('a wait that is skipped or canceled is called off', () => {
    const run = drive(programOf({ ok: approval, no: { ...approval, critical: false }, a: after('ok') }));
    expect(run.skip('ok')).toBeUndefined();
    expect(run.cancelStep('no')).toBeUndefined();
    expect(run.stopping).toEqual(['ok', 'no']);
    expect(run.statuses()).toEqual({ ok: 'skipped:operator', no: 'canceled:operator', a: 'running' });
  });
});

test('skip --propagate takes out what depends on the step, as far as it has not started', () => {
  const run = drive(programOf({ a: {}, b: after('a'), c: after('b'), d: after('c'), e: {} }));
  expect(run.skip('b', true)).toBeUndefined();
  expect(run.statuses()).toEqual({
    a: 'running',
    b: 'skipped:operator',
    c: 'skipped:operator',
    d: 'skipped:operator',
    e: 'running',
  });
});

describe('breaker', () => {
  const git = {
    action: { type: 'command' as const, command: '/usr/bin/git', args: [], shell: false },
    on_failure: 'continue' as const,
  };
  const plan = { a: git, b: git, c: { ...git, ...after('b') }, d: { ...git, ...after('b') }, other: after('b') };
  const opened = (): ReturnType<typeof drive> => {
    const run = drive(programOf(plan, 8, { breaker: { failures: 2, cooldown_sec: 60 } }));
    run.end('a', 'failed');
    run.end('b', 'failed');
    return run;
  };

  test('opens after failures in a row: steps of the tool wait, those of others do not', () => {
    const run = opened();
    expect(run.running).toEqual(['other']);
    expect(run.timers.has('breaker:git')).toBe(true);
  });

  test('after the cooldown a single probe goes first; its success lets the others go', () => {
    const run = opened();
    run.fire('breaker:git');
    expect(run.running).toEqual(['other', 'c']);
    run.end('c');
    expect(run.running).toEqual(['other', 'd']);
  });

  test('a probe that fails opens it again', () => {
    const run = opened();
    run.fire('breaker:git');
    run.end('c', 'failed');
    expect(run.running).toEqual(['other']);
    run.fire('breaker:git');
    expect(run.running).toEqual(['other', 'd']);
  });

  test('a success in between resets the count', () => {
    const run = drive(
      programOf({ a: git, b: git, c: git, d: { ...git, ...after('c') } }, 8, {
        breaker: { failures: 2, cooldown_sec: 60 },
      }),
    );
    run.end('a', 'failed');
    run.end('b');
    run.end('c', 'failed');
    expect(run.running).toEqual(['d']);
  });
});

test('steps that were not selected count as done for their dependents', () => {
  const run = drive(programOf({ a: {}, b: after('a'), c: after('b'), z: { finally: true } }), { leftOut: ['a', 'b'] });
  expect(run.statuses()).toEqual({ a: 'skipped:not_selected', b: 'skipped:not_selected', c: 'running', z: 'pending' });
  run.end('c');
  run.end('z');
  expect([run.finished, run.started]).toEqual(['succeeded', ['c', 'z']]);
});
