import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { BIN, runCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import {
  essence,
  OwnService,
  processesOf,
  TAKE_OVER_MS,
  textOf,
  waitFor,
  type RunJson,
} from '../support/own-service.js';
import { tempDir } from '../support/plans.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const own = new OwnService();
const children: ChildProcess[] = [];
beforeAll(async () => {
  await own.up();
  // The service's own worker would take the runs; without it the server is one of a team.
  await own.killWorker();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  own.killLeftovers();
});
afterAll(() => own.down('--stop-steps'));

const remote = (): Record<string, string> => ({ TEMPORAL_ADDRESS: own.service().server.address });
const step = (files: string): Record<string, unknown> => ({
  id: 's',
  command: `echo $HOST_NAME >> '${files}/ran'; ${waitFor(`${files}/go`)}; echo $HOST_NAME >> '${files}/ran'`,
});
const there = (...args: string[]): Promise<CliResult> =>
  runCli(args, { cwd: own.dir, env: { ORCH_STATE_DIR: tempDir(), ...remote() } });
const watched = (id: string): Promise<RunJson> => own.ended(id, there);
const ranOn = (files: string): string => textOf(path.join(files, 'ran')).replaceAll('\n', ' ').trim();

describe('workers with state folders of their own, on one service', () => {
  const hosts = { a: tempDir(), b: tempDir() };

  /** Starts `orch worker` and waits until it polls. */
  async function worker(host: keyof typeof hosts, ...args: string[]): Promise<Worker> {
    const env = { ...process.env, ...remote(), ORCH_STATE_DIR: hosts[host], HOST_NAME: host };
    const child = spawn(process.execPath, [BIN, 'worker', '--json', ...args], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(child);
    const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually('the worker polls', () => output.includes('"ready":true'), TAKE_OVER_MS);
    return { child, exited };
  }
  interface Worker {
    child: ChildProcess;
    exited: Promise<number | null>;
  }

  test('a step whose worker died goes back to its host when that is there again', async () => {
    const a = await worker('a');
    const { id, files } = await own.start('back', (files) => [step(files)], { call: there });
    await eventually('the step runs', () => ranOn(files) === 'a');
    a.child.kill('SIGKILL');
    await a.exited;
    await worker('b');
    const pending = async (): Promise<string> =>
      JSON.stringify((await own.client.workflow.getHandle(id).fetchHistory()).events);
    await eventually('the step is sent to its host', async () => (await pending()).includes('WrongHost'), TAKE_OVER_MS);
    await worker('a');
    writeFileSync(path.join(files, 'go'), '');
    const { status, steps } = await watched(id);
    expect([status, steps[0]?.status, steps[0]?.attempts, ranOn(files)]).toEqual(['succeeded', 'success', 1, 'a a']);
  });

  test('a step whose host does not come back begins anew on another one, and what the host has left ends with its return', async () => {
    const a = await worker('a');
    const { id, files } = await own.start('gone', (files) => [step(files)], { call: there });
    await eventually('the step runs', () => ranOn(files) === 'a');
    const before = processesOf(id);
    a.child.kill('SIGKILL');
    await a.exited;
    await worker('b');
    await eventually('the step runs on the other host', () => ranOn(files) === 'a b', TAKE_OVER_MS + 90_000);
    await worker('a');
    await eventually('what the first host had is gone', () => !processesOf(id).some((pid) => before.includes(pid)));
    writeFileSync(path.join(files, 'go'), '');
    const { status, steps } = await watched(id);
    expect([status, steps[0]?.status, steps[0]?.attempts, ranOn(files)]).toEqual(['succeeded', 'success', 1, 'a b b']);
  });

  test('a worker that drains lets its steps end; the one that does not leaves them to the next', async () => {
    const draining = await worker('a', '--drain', '60');
    const first = await own.start('drained', (files) => [step(files)], { call: there });
    await eventually('the step runs', () => ranOn(first.files) === 'a');
    draining.child.kill('SIGTERM');
    writeFileSync(path.join(first.files, 'go'), '');
    expect(await draining.exited).toBe(0);
    expect(processesOf(first.id)).toEqual([]);

    const leaving = await worker('a');
    expect(essence(await watched(first.id))).toEqual(['succeeded', ['s', 'success', null]]);
    const second = await own.start('left', (files) => [step(files)], { call: there });
    await eventually('the step runs', () => ranOn(second.files) === 'a');
    leaving.child.kill('SIGTERM');
    expect(await leaving.exited).toBe(0);
    expect(processesOf(second.id)).not.toEqual([]);
    await worker('a');
    writeFileSync(path.join(second.files, 'go'), '');
    expect(essence(await watched(second.id))).toEqual(['succeeded', ['s', 'success', null]]);
    expect(ranOn(second.files)).toBe('a a');
  });
});
