import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { manifestSchema, runEventSchema, type Manifest, type RunEvent } from '../../src/journal/index.js';
import { runCli, type CliResult } from '../support/cli.js';
import { eventually, isAlive } from '../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

vi.setConfig({ testTimeout: 120_000 });

// A service of its own: these tests kill its worker.
let state: string;
let dir: string;
const orch = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: dir, env: { ORCH_STATE_DIR: state } });
const workerPid = (): number =>
  (JSON.parse(readFileSync(path.join(state, 'service', 'service.json'), 'utf8')) as { worker: { pid: number } }).worker
    .pid;
const fileOf = (id: string, name: string): string => path.join(state, 'runs', id, name);
const manifest = (id: string): Manifest | undefined =>
  existsSync(fileOf(id, 'manifest.json'))
    ? manifestSchema.parse(JSON.parse(readFileSync(fileOf(id, 'manifest.json'), 'utf8')))
    : undefined;
const events = (id: string): RunEvent[] =>
  readFileSync(fileOf(id, 'events.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => runEventSchema.parse(JSON.parse(line)));

beforeEach(() => {
  state = tempDir();
  dir = tempDir();
});
afterEach(async () => {
  await orch('down');
});

const gate = (name: string): string => `until [ -e ${name} ]; do sleep 0.05; done`;

test('kill -9 of the worker in mid-run, and a torn line: each event is there once, in order, live and sealed', async () => {
  const id = uniqueId('killed');
  const steps = [
    { id: 'first', command: 'true' },
    { id: 'one', step_def: { type: 'approval' }, depends_on: ['first'] },
    { id: 'two', command: gate('go'), shell: true, depends_on: ['one'] },
    { id: 'last', command: 'true', depends_on: ['two'] },
  ];
  await orch('start', writePlan(dir, { steps }), '--id', id);
  await eventually('the approval waits', () => manifest(id)?.steps[1]?.status === 'waiting');
  const pid = workerPid();
  process.kill(pid, 'SIGKILL');
  await eventually('the worker is gone', async () => !(await isAlive(pid)));
  writeFileSync(fileOf(id, 'events.ndjson'), `${readFileSync(fileOf(id, 'events.ndjson'), 'utf8')}{"v":1,"seq":7,"ti`);
  await orch('up');
  await orch('approve', id, 'one');
  await eventually('the next step runs', () => manifest(id)?.steps[2]?.status === 'running');
  const live = events(id);
  expect(live.map((event) => event.seq)).toEqual(live.map((_, i) => i + 1));
  writeFileSync(path.join(dir, 'go'), '');
  expect((await orch('watch', id)).code).toBe(0);
  const sealed = events(id);
  expect(sealed.slice(0, live.length)).toEqual(live);
  expect(sealed.map((event) => [event.seq, event.type, 'step' in event ? event.step : undefined])).toEqual(
    [
      ['run-created'],
      ['run-started'],
      ['step-started', 'first'],
      ['step-succeeded', 'first'],
      ['step-started', 'one'],
      ['operator-request', 'one'],
      ['step-succeeded', 'one'],
      ['step-started', 'two'],
      ['step-succeeded', 'two'],
      ['step-started', 'last'],
      ['step-succeeded', 'last'],
      ['run-finished'],
    ].map(([type, step], i) => [i + 1, type, step]),
  );
  expect((await orch('export', id, '--events')).stdout).toBe(readFileSync(fileOf(id, 'events.ndjson'), 'utf8'));
});

test('a folder that cannot be written is no matter of the run: it succeeds, with one warning in the log', async () => {
  mkdirSync(state, { recursive: true });
  writeFileSync(path.join(state, 'runs'), 'a file in the way');
  const steps = [
    { id: 'a', step_def: { type: 'noop' } },
    { id: 'b', step_def: { type: 'wait', seconds: 0.3 }, depends_on: ['a'] },
  ];
  for (const _ of [1, 2]) expect((await orch('run', writePlan(dir, { steps }))).code).toBe(0);
  const log = readFileSync(path.join(state, 'service', 'worker.log'), 'utf8');
  expect(log.match(/Records of runs cannot be written/g)).toHaveLength(1);
});
