import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identify } from '../../src/host/process-identity.js';
import { serviceFiles } from '../../src/service/files.js';
import { optionOf, processesNaming } from '../../src/service/process-table.js';
import { runCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { tempDir } from '../support/plans.js';
import { OwnService, TAKE_OVER_MS, textOf, waitFor } from '../support/own-service.js';

/** From a death to the next worker: two looks of the watcher, a repair, a start; many times that on a busy machine. */
const AGAIN_MS = 120_000;

/** A service that is watched, as all are but those of other tests. */
class WatchedService extends OwnService {
  override readonly orch = (...args: string[]): Promise<CliResult> =>
    runCli(args, { cwd: this.dir, env: { ORCH_STATE_DIR: this.state, ORCH_WATCHER: undefined } });

  readonly files = serviceFiles(this.state);

  record(): { server: Pid; worker: Pid; watcher: Pid; restarts?: { what: string; why: string }[] } {
    return JSON.parse(readFileSync(this.files.record, 'utf8')) as ReturnType<WatchedService['record']>;
  }

  /** Another process than before, which is ready. */
  async again(what: 'server' | 'worker' | 'watcher', before: number): Promise<void> {
    const isBack = (): boolean => {
      const { pid } = this.record()[what];
      const ready = what !== 'worker' || textOf(this.files.workerReady) === String(pid);
      return pid !== before && identify(pid) !== undefined && ready;
    };
    await eventually(`there is another ${what}`, isBack, AGAIN_MS);
  }
}

interface Pid {
  pid: number;
}

const own = new WatchedService();
beforeAll(() => own.up(), 120_000);
afterAll(async () => {
  await own.down('--stop-steps');
  own.killLeftovers();
}, 60_000);

const watchers = (): number[] =>
  processesNaming('--watched-service')
    .filter((entry) => optionOf(entry, '--watched-service') === own.files.dir && optionOf(entry, '--repair'))
    .map(({ pid }) => pid);

test('whatever is killed is started again by itself, and the step that ran is neither lost nor begun twice', async () => {
  const { id, files } = await own.start('watched', (dir) => [
    { id: 'long', command: `echo begun >> '${dir}/begun'; ${waitFor(`${dir}/go`)}` },
    { id: 'after', depends_on: ['long'], command: 'true' },
  ]);
  await eventually('the step runs', () => textOf(path.join(files, 'begun')) !== '', TAKE_OVER_MS);
  const before = own.record();
  for (const what of ['worker', 'server', 'watcher'] as const) {
    process.kill(before[what].pid, 'SIGKILL');
    await own.again(what, before[what].pid);
  }
  // What the watcher calls has its command line for a moment, before it has its own.
  await eventually('one watcher is there', () => watchers().join() === String(own.record().watcher.pid), AGAIN_MS);
  expect(own.record().restarts).toMatchObject([
    { what: 'worker', why: 'dead' },
    { what: 'server', why: 'dead' },
  ]);
  writeFileSync(path.join(files, 'go'), '');
  expect((await own.ended(id)).status).toBe('succeeded');
  expect(textOf(path.join(files, 'begun'))).toBe('begun\n');
});

test('a worker whose event loop stands still is replaced', async () => {
  const { pid } = own.record().worker;
  process.kill(pid, 'SIGSTOP');
  await own.again('worker', pid);
  expect(identify(pid)).toBeUndefined();
  expect(own.record().restarts?.at(-1)).toMatchObject({ what: 'worker', why: 'stuck' });
});

test('the watcher costs next to nothing', () => {
  const { pid } = own.record().watcher;
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  expect(Number(rss)).toBeLessThan(5_000);
});

test('`orch down` ends all of it, and nothing comes back', async () => {
  const before = own.record();
  expect((await own.orch('down')).code).toBe(0);
  const pids = [before.server, before.worker, before.watcher].map(({ pid }) => pid);
  expect(pids.filter((pid) => identify(pid) !== undefined)).toEqual([]);
  expect(watchers()).toEqual([]);
  expect(existsSync(own.files.record)).toBe(false);
  expect((await own.orch('up')).code).toBe(0);
  // A repair that was on its way when the service went down: its watcher is gone.
  const repair = path.resolve(import.meta.dirname, '../../dist/service/repair-main.js');
  const { pid } = own.record().worker;
  process.kill(pid, 'SIGKILL');
  const call = (): unknown =>
    execFileSync(process.execPath, [repair], { env: { ...process.env, ORCH_STATE_DIR: own.state }, stdio: 'pipe' });
  expect(call).toThrow(expect.objectContaining({ status: 10 }) as Error);
  await own.again('worker', pid); // by the watcher that is there now
  expect(statSync(own.files.watcherLog).size).toBeGreaterThan(0);
});

test('a unit is written whose command lines start and stop the service', async () => {
  const config = tempDir();
  const env = { ORCH_STATE_DIR: own.state, ORCH_WATCHER: undefined, XDG_CONFIG_HOME: config };
  const installed = await runCli(['up', '--install'], { env });
  expect([installed.code, installed.stdout]).toEqual([0, expect.stringMatching(/\.service {2}written\n$/) as string]);
  const folder = path.join(config, 'systemd', 'user');
  const units = (): string[] => readdirSync(folder).filter((file) => file.endsWith('.service'));
  const [name] = units();
  const lines = readFileSync(path.join(folder, name!), 'utf8').split('\n');
  const all = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  const variables = Object.fromEntries(all('Environment').map((each) => each.split(/=(.*)/s, 2) as [string, string]));
  const call = (line: string): unknown => execFileSync('/bin/sh', ['-c', line], { env: variables, stdio: 'pipe' });
  expect((await own.orch('down')).code).toBe(0);
  call(all('ExecStart')[0]!);
  expect(identify(own.record().worker.pid)).toBeDefined();
  call(all('ExecStop')[0]!);
  expect(existsSync(own.files.record)).toBe(false);
  const removed = await runCli(['up', '--uninstall'], { env });
  expect([removed.code, units()]).toEqual([0, []]);
});
