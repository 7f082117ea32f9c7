import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostClock } from '../../../src/process/durable/clock.js';
import { readJson, readText } from '../../../src/process/durable/files.js';
import { createFileOnce } from '../../../src/host/atomic-file.js';
import { formatHostId, hostId, parseHostId } from '../../../src/host/host-id.js';
import { isSameProcess, startByPs } from '../../../src/process/durable/liveness.js';
import { findMarked } from '../../../src/process/durable/marked.js';
import { parseStat, processStat } from '../../../src/host/proc.js';
import { parseRecord } from '../../../src/process/durable/record.js';
import { MARK_VARIABLE } from '../../../src/process/index.js';
import { DurableRig } from '../../support/durable.js';
import { eventually } from '../../support/eventually.js';

let rig: DurableRig;
beforeEach(() => {
  rig = new DurableRig();
});
afterEach(() => rig.close());

describe('the record of a generation', () => {
  const run = 'run 12 1700 boot_ns 345\n';
  const claim = { pid: 12, launchedAt: 1700, host: { boot: 'boot', namespace: 'ns' }, start: '345' };

  test.each([
    ['nothing', '', { exists: true }],
    ['half a claim', 'run 12 1700 boot_ns 3', { exists: true }],
    ['a claim', run, { exists: true, claim }],
    [
      'a claim with a start in words',
      'run 12 1700 boot_ns Thu Nov 21 05:12:01 2024\n',
      { exists: true, claim: { ...claim, start: 'Thu Nov 21 05:12:01 2024' } },
    ],
    ['half an end', `${run}\nexit 1`, { exists: true, claim }],
    [
      'half an end that was written again',
      `${run}\nexi\nexit 137 4.5\n`,
      { exists: true, claim, exit: { exitCode: 137, uptimeMs: 4500, endedAt: 9 } },
    ],
    ['an end', `${run}\nexit 137 -\n`, { exists: true, claim, exit: { exitCode: 137, endedAt: 9 } }],
    [
      'an end by signal',
      `${run}Killed\n\nexit 137 4.56\n`,
      { exists: true, claim, exit: { signal: 'SIGKILL', uptimeMs: 4560, endedAt: 9 } },
    ],
    [
      'words about no signal',
      `${run}sh: what\n\nexit 3 -\n`,
      { exists: true, claim, exit: { exitCode: 3, endedAt: 9 } },
    ],
    ['a closed one', 'closed timeout\n', { exists: true, closed: 'timeout' }],
  ])('%s', (_, text, record) => {
    expect(parseRecord(text, () => 9)).toEqual(record);
  });
});

describe('what is known of a process', () => {
  test('its name may hold blanks and parentheses', () => {
    const tail = 'S 7 8 9 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 4711 2 3';
    expect(parseStat(`5 (a) b (c)) ${tail}`)).toEqual({
      pid: 5,
      group: 8,
      session: 9,
      start: '4711',
      zombie: false,
      dead: false,
    });
  });

  test('a process whose first thread has ended lives while another one does, and is found by its mark', async () => {
    const mark = `parts-${process.pid}/g0`;
    const script =
      'import ctypes, threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\nctypes.CDLL(None).pthread_exit(None)';
    const child = spawn('python3', ['-c', script], { env: { ...process.env, [MARK_VARIABLE]: mark }, stdio: 'ignore' });
    const stat = await eventually('its first thread has ended', () => {
      const now = processStat(child.pid!);
      return now?.zombie ? now : undefined;
    });
    expect(stat.dead).toBe(false);
    expect(isSameProcess(stat.pid, stat.start)).toBe(true);
    expect(findMarked(mark).map(({ pid }) => pid)).toEqual([child.pid]);
    child.kill('SIGKILL');
    await eventually('it is gone', () => !isSameProcess(stat.pid, stat.start));
  });

  test('a mark is not found in a longer one, nor in another variable', async () => {
    const mark = `parts-${process.pid}/g1`;
    const env = { PATH: process.env['PATH'], [MARK_VARIABLE]: `${mark}0`, [`X${MARK_VARIABLE}`]: mark };
    const child = spawn('sleep', ['60'], { env, stdio: 'ignore' });
    await eventually('it runs', () => findMarked(`${mark}0`).length === 1);
    expect(findMarked(mark)).toEqual([]);
    child.kill('SIGKILL');
  });

  test('ps tells the start that the wrapper would write down without /proc', () => {
    const shell = execFileSync('sh', ['-c', 's=$(LC_ALL=C command -p ps -o lstart= -p $PPID); echo $s'], {
      encoding: 'utf8',
    });
    expect(startByPs(process.pid)).toBe(shell.trim());
    expect(startByPs(2 ** 22 + 1)).toBeUndefined();
  });

  test('the host has one id, and one clock that runs on', async () => {
    expect(hostId()).toEqual(parseHostId(formatHostId(hostId())));
    const before = hostClock();
    await eventually('the clock runs', () => hostClock() > before);
  });
});

describe('a file that is written once', () => {
  test('keeps the words of the first, and leaves no drafts', () => {
    const file = rig.path('once');
    expect([createFileOnce(file, '"first"'), createFileOnce(file, '"second"')]).toEqual([true, false]);
    expect(readJson(file)).toBe('first');
    expect(readdirSync(rig.dir)).toEqual(['once']);
  });

  test('is missing without an error, and an error where it is something else', () => {
    expect(readText(rig.path('nothing'))).toBeUndefined();
    expect(() => readText(rig.dir)).toThrow('EISDIR');
  });
});

/** Mounts a small file system; only root can. */
function mountSmall(dir: string): boolean {
  mkdirSync(dir, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', dir], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a full disk', () => {
  test('does not lose the end of a command that fills it', async (context) => {
    const disk = rig.path('disk');
    if (!mountSmall(disk)) context.skip();
    try {
      const end = await rig.run(`head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2; exit 6`, {
        tryDir: path.join(disk, 'a'),
      });
      expect(end).toMatchObject({ kind: 'exited', exitCode: 6 });
      writeFileSync(rig.path('ran'), '');
      await expect(rig.run('echo ran >> ran', { tryDir: path.join(disk, 'b') })).rejects.toMatchObject({
        code: 'ENOSPC',
      });
      expect(readFileSync(rig.path('ran'), 'utf8')).toBe('');
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });

  test('does not keep a command from being stopped', async (context) => {
    const disk = rig.path('disk');
    if (!mountSmall(disk)) context.skip();
    try {
      const tryDir = path.join(disk, 'a');
      const end = await rig.run(`head -c 1000000 /dev/zero; sleep 60`, { tryDir, timeoutMs: 500 });
      expect(end).toMatchObject({ kind: 'exited', signal: 'SIGTERM', stopped: 'timeout' });
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });
});
