import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunMetrics } from '../../src/journal/index.js';
import { appendMetrics } from '../../src/records/metrics.js';
import { callCli, sharedStateDir, type CliResult } from '../support/cli.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

function linesOf(planId: string): RunMetrics[] {
  const folder = path.join(sharedStateDir(), 'metrics');
  const text = readdirSync(folder).map((file) => readFileSync(path.join(folder, file), 'utf8'));
  const lines = text.join('').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as RunMetrics).filter(({ plan_id }) => plan_id === planId);
}

test('each run that ends leaves one line, its rerun another one, and stats add them up', async () => {
  const dir = tempDir();
  const planId = uniqueId('counted');
  const plan = writePlan(dir, {
    plan_id: planId,
    steps: [{ id: 'a', command: 'test -e mended', shell: true, retries: 1 }],
  });
  const failed = await callCli(['run', plan, '--json'], { cwd: dir });
  const { run_id: first } = JSON.parse(failed.stdout) as { run_id: string };
  expect(failed.code).toBe(1);
  await callCli(['run', plan, '--json', '--env', 'X=1'], { cwd: dir });
  writePlan(dir, {}, 'mended');
  expect((await callCli(['rerun', first], { cwd: dir })).code).toBe(0);

  const lines = linesOf(planId);
  expect(lines.map(({ status, retries, rerun_of }) => [status, retries, rerun_of])).toEqual([
    ['failed', 1, undefined],
    ['failed', 1, undefined],
    ['succeeded', 0, first],
  ]);
  expect(lines[0]).toMatchObject({ run_id: first, record: `runs/${first}`, executions: 2, steps_failed: 1 });

  const { code, stdout } = await callCli(['stats', '--plan', planId, '--json']);
  const { plans, since } = JSON.parse(stdout) as { since: unknown; plans: { mttr_sec: number }[] };
  expect([code, since]).toEqual([0, null]);
  expect(plans).toMatchObject([
    { plan_id: planId, runs: 3, succeeded: 1, failed: 2, success_rate: 1 / 3, retries: 2, reruns: 1, recoveries: 1 },
  ]);
  expect(plans[0]!.mttr_sec).toBeGreaterThan(0);
});

async function stats(lines: RunMetrics[], ...options: string[]): Promise<CliResult> {
  const state = tempDir();
  for (const each of lines) await appendMetrics(state, each);
  return callCli(['stats', ...options], { env: { ORCH_STATE_DIR: state } });
}

describe('orch stats', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const line = (run_id: string, plan_id: string, more: Partial<RunMetrics> = {}): RunMetrics => {
    const numbers = { steps: 1, steps_failed: 0, executions: 1, retries: 0, warnings: 0, record: `runs/${run_id}` };
    const about = { v: 1, run_id, temporal_run_id: 't', plan_id, status: 'succeeded' } as const;
    return { ...about, started_at: at, finished_at: at, duration_sec: 90, ...numbers, ...more };
  };
  test('shows a row for each plan and their total, and asks no service', async () => {
    const lines = [
      line('a', 'build'),
      line('b', 'build', { status: 'failed', duration_sec: 3, retries: 2 }),
      line('c', 'review', { cost_usd: 1.5, tokens: 1200 }),
    ];
    expect(await stats(lines)).toEqual({
      code: 0,
      stderr: '',
      stdout: `PLAN    RUNS  OK  FAILED  CANCELED  RATE  P50     P95     RETRIES  RERUNS  MTTR  COST
build   2     1   1       0         50%   3.0s    1m 30s  2        0       -     -
review  1     1   0       0         100%  1m 30s  1m 30s  0        0       -     $1.50, 1200 tokens
total   3     2   1       0         67%   1m 30s  1m 30s  2        0       -     $1.50, 1200 tokens
`,
    });
  });

  test('--since takes a length of time, or a day', async () => {
    const recent = line('new', 'p', { finished_at: new Date().toISOString() });
    for (const since of ['1d', new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)]) {
      const { stdout } = await stats([line('old', 'p'), recent], '--since', since, '--json');
      expect((JSON.parse(stdout) as { total: unknown }).total).toMatchObject({ runs: 1 });
    }
    expect(await stats([line('old', 'p')], '--since', '1d')).toEqual({ code: 0, stdout: '', stderr: 'no runs\n' });
  });

  test.each(['yesterday', '2026-13-45', '5y', '', '-1d'])('--since %j is refused', async (since) => {
    const { code, stderr } = await stats([], '--since', since);
    expect([code, stderr.split('\n', 1)[0]]).toEqual([2, expect.stringMatching(/^error\[usage\]: --since/)]);
  });
});
