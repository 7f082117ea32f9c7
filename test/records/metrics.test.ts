import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import type { RunMetrics } from '../../src/journal/index.js';
import { appendMetrics, metricsDir, readMetrics } from '../../src/records/metrics.js';
import { REPO } from '../support/cli.js';
import { tempDir } from '../support/plans.js';

let state: string;
beforeEach(() => {
  state = tempDir();
});

const metrics = (run_id: string, finished_at: string): RunMetrics => ({
  v: 1,
  run_id,
  temporal_run_id: 't',
  plan_id: 'p',
  status: 'succeeded',
  started_at: finished_at,
  finished_at,
  duration_sec: 0,
  steps: 1,
  steps_failed: 0,
  executions: 1,
  retries: 0,
  warnings: 0,
  record: `runs/${run_id}`,
});
async function ids(since?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { run_id } of readMetrics(state, since === undefined ? undefined : new Date(since))) {
    found.push(run_id);
  }
  return found;
}

test('there is a file for each month, for this user only, and only what is asked for is given', async () => {
  await appendMetrics(state, metrics('b', '2026-02-10T00:00:00.000Z'));
  await appendMetrics(state, metrics('a', '2026-01-31T23:59:59.999Z'));
  await appendMetrics(state, metrics('c', '2026-02-20T00:00:00.000Z'));
  expect(await ids()).toEqual(['a', 'b', 'c']);
  expect(await ids('2026-02-10T00:00:00.000Z')).toEqual(['b', 'c']);
  expect(await ids('2027-01-01')).toEqual([]);
  expect(statSync(path.join(metricsDir(state), '2026-01.jsonl')).mode & 0o777).toBe(0o600);
});

test('without any there are none', async () => {
  expect(await ids()).toEqual([]);
  expect(existsSync(metricsDir(state))).toBe(false);
});

test('what is no line of ours is left out: torn, binary, of another version, of another kind', async () => {
  mkdirSync(metricsDir(state));
  const file = path.join(metricsDir(state), '2026-01.jsonl');
  writeFileSync(file, '{"v":1,"run_id":\n\n[]\n\u0000\u0001\n{"v":2}\nnull\n');
  await appendMetrics(state, metrics('a', '2026-01-01T00:00:00.000Z'));
  appendFileSync(file, '{"v":1');
  writeFileSync(path.join(metricsDir(state), 'notes.txt'), 'mine');
  expect(await ids()).toEqual(['a']);
});

test('many processes that end runs at once spoil no line', async () => {
  const module = pathToFileURL(path.join(REPO, 'dist/records/metrics.js')).href;
  const script = `import { appendMetrics } from ${JSON.stringify(module)};
    const [, state, who, line] = process.argv;
    await Promise.all(Array.from({ length: 100 }, (_, n) =>
      appendMetrics(state, { ...JSON.parse(line), run_id: who + '-' + n })));`;
  const line = JSON.stringify({ ...metrics('x', '2026-01-01T00:00:00.000Z'), reason: 'r'.repeat(3000) });
  const writers = ['a', 'b', 'c', 'd'].map(async (who) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, state, who, line], {
      stdio: 'inherit',
    });
    return new Promise<number | null>((resolve) => child.on('close', resolve));
  });
  expect(await Promise.all(writers)).toEqual([0, 0, 0, 0]);
  expect(new Set(await ids()).size).toBe(400);
  expect(
    readFileSync(path.join(metricsDir(state), '2026-01.jsonl'), 'utf8')
      .trimEnd()
      .split('\n'),
  ).toHaveLength(400);
});
