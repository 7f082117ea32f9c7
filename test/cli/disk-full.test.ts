import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identify } from '../../src/host/process-identity.js';
import { eventually } from '../support/eventually.js';
import { OwnService, TAKE_OVER_MS, textOf, waitFor } from '../support/own-service.js';

/** A state folder on a small disk of its own. Only root can mount one. */
const own = new OwnService();
const disk = own.state;
const filler = path.join(disk, 'filler');
const mounted = mount();

beforeAll(async () => {
  if (mounted) await own.up();
}, 120_000);
afterAll(async () => {
  if (!mounted) return;
  rmSync(filler, { force: true });
  await own.down('--stop-steps');
  own.killLeftovers();
  execFileSync('umount', ['--lazy', disk]);
}, 60_000);

function mount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m,mode=700', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Writes until there is no room for a byte more. */
function fill(): void {
  try {
    execFileSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k'], { stdio: 'ignore' });
  } catch {
    // It ends so.
  }
}

test.runIf(mounted)('on a full disk the service lives on, and all goes on by itself when there is room', async () => {
  const { id, files } = await own.start('full', (dir) => [
    { id: 'before', command: `echo begun > '${dir}/begun'; ${waitFor(`${dir}/go`)}` },
    { id: 'after', depends_on: ['before'], command: `echo ran >> '${dir}/ran'` },
  ]);
  await eventually('the step runs', () => existsSync(path.join(files, 'begun')), TAKE_OVER_MS);
  const { worker, server } = own.service();
  fill();
  writeFileSync(path.join(files, 'go'), '');
  const status = await own.orch('status', id);
  expect([status.code, status.stderr]).toEqual([0, '']);
  expect(status.stdout).toMatch(new RegExp(`^${id} running `));
  expect((await own.orch('prune', '--older-than', '1d')).code).toBe(0);
  expect([worker, server].map(({ pid }) => identify(pid) !== undefined)).toEqual([true, true]);
  rmSync(filler);
  expect((await own.ended(id)).status).toBe('succeeded');
  expect(textOf(path.join(files, 'ran'))).toBe('ran\n');
});

test.runIf(mounted)('a step that has no room for its files waits, and says so', async () => {
  const { id, files } = await own.start('waits', (dir) => [
    { id: 'before', command: `echo begun > '${dir}/begun'; ${waitFor(`${dir}/go`)}` },
    { id: 'after', depends_on: ['before'], command: `echo ran >> '${dir}/ran'` },
  ]);
  await eventually('the step runs', () => existsSync(path.join(files, 'begun')), TAKE_OVER_MS);
  fill();
  leave(700 * 1024); // enough for the server to write down what happens, and not for a step
  writeFileSync(path.join(files, 'go'), '');
  const says = async (): Promise<boolean> => (await own.orch('status', id)).stdout.includes('there is no room in');
  await eventually('the step says why it waits', says, TAKE_OVER_MS);
  rmSync(filler);
  expect((await own.ended(id)).status).toBe('succeeded');
  expect(textOf(path.join(files, 'ran'))).toBe('ran\n');
});

test.runIf(mounted)('`orch down` ends all on a full disk', async () => {
  const { worker, server } = own.service();
  fill();
  const { code, stdout, stderr } = await own.orch('down');
  expect([code, stdout, stderr]).toEqual([0, 'stopped: worker, server\n', '']);
  expect([worker, server].map(({ pid }) => identify(pid))).toEqual([undefined, undefined]);
  rmSync(filler);
  mkdirSync(disk, { recursive: true });
});

function leave(bytes: number): void {
  truncateSync(filler, statSync(filler).size - bytes);
}
