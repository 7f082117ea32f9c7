import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  manifestOf,
  metricsOf,
  statsOf,
  type RunAbout,
  type RunEvent,
  type RunMetrics,
} from '../../src/journal/index.js';

const minute = (n: number): string => new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString();

function line(id: string, minutes: [from: number, to: number], more: Partial<RunMetrics> = {}): RunMetrics {
  return {
    v: 1,
    run_id: id,
    temporal_run_id: `t-${id}`,
    plan_id: 'p',
    status: 'succeeded',
    started_at: minute(minutes[0]),
    finished_at: minute(minutes[1]),
    duration_sec: (minutes[1] - minutes[0]) * 60,
    steps: 1,
    steps_failed: 0,
    executions: 1,
    retries: 0,
    warnings: 0,
    record: `runs/${id}`,
    ...more,
  };
}

const usage = (tokens: number, cost_usd?: number) => {
  const told = { name: 'codex', turns: 1, fix_rounds: 0, wall_sec: 1, tokens };
  return cost_usd === undefined ? told : { ...told, cost_usd };
};

describe('stats', () => {
  test('of nothing say nothing', () => {
    expect(statsOf([])).toEqual({
      plans: [],
      total: {
        runs: 0,
        succeeded: 0,
        failed: 0,
        canceled: 0,
        success_rate: null,
        duration_p50_sec: null,
        duration_p95_sec: null,
        retries: 0,
        reruns: 0,
        recoveries: 0,
        mttr_sec: null,
        tokens: null,
        cost_usd: null,
      },
    });
  });

  test('count successes against failures; what was canceled or terminated says nothing of the plan', () => {
    const { total } = statsOf([
      line('a', [0, 1]),
      line('b', [0, 1], { status: 'failed' }),
      line('c', [0, 1], { status: 'timed_out' }),
      line('d', [0, 1], { status: 'canceled' }),
      line('e', [0, 1], { status: 'terminated' }),
      line('f', [0, 1]),
    ]);
    expect(total).toMatchObject({ runs: 6, succeeded: 2, failed: 2, canceled: 2, success_rate: 0.5 });
  });

  test('p50 and p95 are durations that runs really had', () => {
    const lines = Array.from({ length: 20 }, (_, n) => line(`r${n}`, [0, n + 1]));
    expect(statsOf(lines.toReversed()).total).toMatchObject({ duration_p50_sec: 600, duration_p95_sec: 1140 });
    expect(statsOf([line('a', [0, 3])]).total).toMatchObject({ duration_p50_sec: 180, duration_p95_sec: 180 });
  });

  test('a recovery goes from the first failure of a series to the next success of the same plan', () => {
    const failed = { status: 'failed' } as const;
    const { plans, total } = statsOf([
      line('a', [0, 10], failed),
      line('b', [0, 20], failed),
      line('other', [0, 25], { plan_id: 'q' }),
      line('gone', [0, 26], { status: 'canceled' }),
      line('c', [0, 30], { rerun_of: 'b' }),
      line('d', [0, 40], failed),
      line('e', [0, 44]),
      line('f', [0, 50], failed),
    ]);
    expect(plans.map(({ plan_id, recoveries, mttr_sec }) => [plan_id, recoveries, mttr_sec])).toEqual([
      ['p', 2, 720],
      ['q', 0, null],
    ]);
    expect(total).toMatchObject({ recoveries: 2, mttr_sec: 720, reruns: 1 });
  });

  test('a run that was told twice counts once, and so does a line of another execution beside it', () => {
    const again = line('a', [0, 1], { temporal_run_id: 'other' });
    expect(statsOf([line('a', [0, 1]), line('a', [0, 1]), again]).total.runs).toBe(2);
  });

  test('sub-plans cost and retry for the run above; with `all` they are runs of their own', () => {
    const lines = [
      line('a', [0, 5], { retries: 1, cost_usd: 1 }),
      line('a.s', [1, 4], { plan_id: 's', parent_run_id: 'a', retries: 2, tokens: 10, cost_usd: 0.5 }),
      line('a.s.x', [2, 3], { plan_id: 'x', parent_run_id: 'a.s', retries: 4, tokens: 5 }),
    ];
    expect(statsOf(lines).plans).toMatchObject([
      { plan_id: 'p', runs: 1, retries: 7, tokens: 15, cost_usd: 1.5, duration_p50_sec: 300 },
    ]);
    expect(statsOf(lines, true).plans.map(({ plan_id, runs, retries }) => [plan_id, runs, retries])).toEqual([
      ['p', 1, 1],
      ['s', 1, 2],
      ['x', 1, 4],
    ]);
    expect(statsOf(lines, true).total.runs).toBe(3);
  });

  test('runs that name each other as parents end in no circle', () => {
    const circle = [line('a', [0, 1], { parent_run_id: 'b' }), line('b', [0, 1], { parent_run_id: 'a' })];
    expect(statsOf(circle).total.runs).toBe(0);
  });

  test('the plans add up to the total, in any order of the lines', () => {
    const lines = fc.uniqueArray(
      fc.record({
        id: fc.string({ minLength: 1 }),
        plan_id: fc.constantFrom('p', 'q', 'r'),
        status: fc.constantFrom<RunMetrics['status']>('succeeded', 'failed', 'canceled', 'terminated', 'timed_out'),
        to: fc.nat(10_000),
        retries: fc.nat(5),
      }),
      { selector: ({ id }) => id },
    );
    fc.assert(
      fc.property(lines, (all) => {
        const entries = all.map(({ id, to, ...more }) => line(id, [0, to], more));
        const { plans, total } = statsOf(entries);
        for (const key of ['runs', 'succeeded', 'failed', 'canceled', 'retries', 'recoveries'] as const) {
          expect(plans.reduce((sum, plan) => sum + plan[key], 0)).toBe(total[key]);
        }
        expect(total.runs).toBe(total.succeeded + total.failed + total.canceled);
      }),
    );
  });
});

describe('the line of a run', () => {
  const about: RunAbout = {
    run_id: 'r',
    temporal_run_id: 't',
    plan_id: 'p',
    plan_digest: '',
    engine_version: 1,
    description: null,
    parent_run_id: 'above',
    rerun_of: 'before',
    started_by: null,
    project: 'demo',
    tags: [],
    metadata: { pipeline: { id: 'p' } },
    inputs: {},
    created_at: minute(0),
    steps: ['a', 'b'].map((id) => {
      return { id, name: id, kind: 'agent', depends_on: [], fallback_of: null, finally: false, foreach: false };
    }),
  };
  const failed = { attempt: 1, reason: 'exit_non_zero', message: 'ExitError' };
  const done = { attempts: 2, attempt: { attempt: 2 }, agent: usage(1200, 0.25) };
  const events: RunEvent[] = [
    { v: 1, seq: 1, time: minute(1), type: 'run-started' },
    { v: 1, seq: 2, time: minute(1), type: 'step-attempt-failed', step: 'a', ...failed },
    { v: 1, seq: 3, time: minute(2), type: 'step-succeeded', step: 'a', status: 'success', ...done },
    { v: 1, seq: 4, time: minute(2), type: 'step-failed', step: 'b', attempts: 1, agent: usage(300) },
    { v: 1, seq: 5, time: minute(3), type: 'run-finished', status: 'failed', reason: 'steps_failed', warnings: 0 },
  ];

  test('says in numbers what its record says in full, and where that is', () => {
    expect(metricsOf(manifestOf(about, events), 'runs/r')).toEqual({
      v: 1,
      run_id: 'r',
      temporal_run_id: 't',
      plan_id: 'p',
      pipeline_id: 'p',
      project: 'demo',
      parent_run_id: 'above',
      rerun_of: 'before',
      status: 'failed',
      reason: 'steps_failed',
      started_at: minute(1),
      finished_at: minute(3),
      duration_sec: 120,
      steps: 2,
      steps_failed: 1,
      executions: 3,
      retries: 1,
      warnings: 0,
      tokens: 1500,
      cost_usd: 0.25,
      record: 'runs/r',
    });
  });

  test('is not there before its end', () => {
    expect(metricsOf(manifestOf(about, events.slice(0, 4)), 'runs/r')).toBeUndefined();
  });
});
