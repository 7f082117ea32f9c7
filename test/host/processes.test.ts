import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { formatHostId, hostId, parseHostId } from '../../src/host/host-id.js';
import { identify, isAlive, stopProcess } from '../../src/host/process-identity.js';
import { parseStat, processIds, processStat, psStart } from '../../src/host/proc.js';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process that says when it is ready to hear signals. */
async function started(script: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', `${script}; setInterval(() => {}, 1e9); console.log('ready')`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child.pid!;
}

describe.skipIf(process.platform === 'win32')('the identity of a process', () => {
  test('is the same at every look, and alive while the process is', async () => {
    const identity = identify(process.pid)!;
    expect(identify(process.pid)).toEqual(identity);
    expect(isAlive(identity)).toBe(true);
    expect(isAlive({ ...identity, start_time: `${identity.start_time}0` })).toBe(false);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 22 + 1])('there is none for the pid %s', (pid) => {
    expect(identify(pid)).toBeUndefined();
  });

  test('a process that is asked to stop does, and another one of its pid is left alone', async () => {
    const identity = identify(await started(''))!;
    expect(await stopProcess({ ...identity, start_time: 'another' }, 0)).toBe(true);
    expect(isAlive(identity)).toBe(true);
    expect(await stopProcess(identity, 60_000)).toBe(true);
    expect(isAlive(identity)).toBe(false);
  });

  test('one that does not listen is killed', async () => {
    const identity = identify(await started("process.on('SIGTERM', () => {})"))!;
    expect(await stopProcess(identity, 50)).toBe(true);
    expect(isAlive(identity)).toBe(false);
  });
});

describe.skipIf(process.platform !== 'linux')('what Linux tells', () => {
  test('all processes, and of each its group and start', () => {
    expect(processIds()).toContain(process.pid);
    const stat = processStat(process.pid)!;
    expect(stat).toMatchObject({ pid: process.pid, dead: false, zombie: false });
    expect(stat.start).toMatch(/^\d+$/);
    expect(processStat(2 ** 22 + 1)).toBeUndefined();
  });

  test.each([
    ['S', 1, { zombie: false, dead: false }],
    ['Z', 1, { zombie: true, dead: true }],
    ['Z', 2, { zombie: true, dead: false }],
    ['X', 2, { zombie: true, dead: true }],
  ])('state %s with %i threads', (state, threads, expected) => {
    expect(parseStat(stat(state, threads))).toEqual({ pid: 7, group: 3, session: 2, start: '99', ...expected });
  });
});

describe.skipIf(process.platform === 'win32')('what `ps` tells', () => {
  test('when a process was started, in the time zone that is asked for', () => {
    const utc = psStart(process.pid, 'UTC')!;
    const began = Date.now() - process.uptime() * 1000;
    expect(Math.abs(Date.parse(`${utc} UTC`) - began)).toBeLessThan(60_000);
    expect(psStart(process.pid, 'Etc/GMT-5')).not.toBe(utc);
  });

  test('nothing of a process that is not there', () => {
    expect(psStart(2 ** 22 + 1)).toBeUndefined();
  });
});

test('a host is named as it is read', () => {
  expect(parseHostId(formatHostId(hostId()))).toEqual(hostId());
  expect(hostId()).toBe(hostId());
});

/** A line of `/proc/PID/stat`. */
function stat(state: string, threads: number): string {
  return `7 (a) Z (b) ${state} 1 3 2 ${'0 '.repeat(13)}${threads} 0 99 0`;
}
