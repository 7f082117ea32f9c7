import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readEnd, readTails, runProcess, type ProcessSpec } from '../../src/process/index.js';
import { eventually, isAlive } from '../support/eventually.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'orch-process-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function sh(script: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return {
    file: '/bin/sh',
    args: ['-c', script],
    cwd: dir,
    env: { PATH: process.env['PATH'] ?? '' },
    stdoutFile: path.join(dir, 'out'),
    stderrFile: path.join(dir, 'err'),
    graceMs: 300,
    ...more,
  };
}

const out = (): string => readFileSync(path.join(dir, 'out'), 'utf8');
const err = (): string => readFileSync(path.join(dir, 'err'), 'utf8');

/** A pid that the process wrote to a file. */
function pidIn(file: string): Promise<number> {
  return eventually(`a pid in ${file}`, () => {
    try {
      return Number(readFileSync(path.join(dir, file), 'utf8').trim()) || undefined;
    } catch {
      return undefined;
    }
  });
}

describe('ends', () => {
  test.each([0, 1, 3, 255])('exit code %i is told as it is', async (code) => {
    expect(await runProcess(sh(`exit ${code}`))).toEqual({ exitCode: code });
  });

  test('a signal is told by its name', async () => {
    expect(await runProcess(sh('kill -KILL $$'))).toEqual({ signal: 'SIGKILL' });
  });

  test('both streams go to their files, in order, without being mixed', async () => {
    await runProcess(sh('echo one; echo two >&2; echo three'));
    expect([out(), err()]).toEqual(['one\nthree\n', 'two\n']);
  });

  test('stdin is what was given, and is empty where nothing was', async () => {
    await runProcess(sh('cat; echo end', { stdin: 'from above\n' }));
    expect(out()).toBe('from above\nend\n');
    await runProcess(sh('cat; echo end'));
    expect(out()).toBe('from above\nend\nend\n');
  });

  test('a process that does not read its stdin ends as it ends', async () => {
    expect(await runProcess(sh('exit 4', { stdin: 'x'.repeat(1_000_000) }))).toEqual({ exitCode: 4 });
  });

  test('a child that keeps the streams open does not delay the end', async () => {
    const end = runProcess(sh('sleep 30 & echo $! > child; echo done'));
    expect(await end).toEqual({ exitCode: 0 });
    expect(out()).toBe('done\n');
    process.kill(await pidIn('child'), 'SIGKILL');
  });

  test('the environment is what was given and nothing else', async () => {
    await runProcess(sh('env', { env: { PATH: process.env['PATH'] ?? '', ONLY: 'this' } }));
    const names = out()
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.filter((name) => !['PATH', 'PWD', 'SHLVL', '_', 'OLDPWD'].includes(name!))).toEqual(['ONLY']);
  });
});

describe('not starting', () => {
  test.each([
    [
      'a missing command',
      { file: 'no-such-command-of-orch' },
      "command not found: no-such-command-of-orch (no such program on the step's PATH)",
    ],
    ['a missing command by path', { file: '/no/such/command' }, 'command not found: /no/such/command'],
    ['a missing folder', { cwd: '/no/such/folder' }, 'the working directory does not exist: /no/such/folder'],
  ])('%s is told apart from others', async (_, more, message) => {
    await expect(runProcess(sh('true', more))).rejects.toMatchObject({ name: 'SpawnError', message });
  });

  test('a folder that is a file', async () => {
    writeFileSync(path.join(dir, 'file'), '');
    await expect(runProcess(sh('true', { cwd: path.join(dir, 'file') }))).rejects.toThrow('is not a directory');
  });

  test('a file that is not executable', async () => {
    writeFileSync(path.join(dir, 'plain'), '#!/bin/sh\n', { mode: 0o600 });
    await expect(runProcess(sh('', { file: path.join(dir, 'plain') }))).rejects.toThrow('permission denied');
  });

  test('arguments that are too large', async () => {
    await expect(runProcess(sh('true', { args: ['-c', 'true', 'x'.repeat(4_000_000)] }))).rejects.toThrow('too large');
  });
});

describe('stopping', () => {
  test('a timeout keeps the output so far, and stops the grandchildren', async () => {
    const end = await runProcess(
      sh('echo before; sh -c "echo \\$\\$ > grandchild; sleep 60"; echo after', { timeoutMs: 500 }),
    );
    expect(end).toEqual({ signal: 'SIGTERM', stopped: 'timeout' });
    expect(out()).toBe('before\n');
    const grandchild = await pidIn('grandchild');
    await eventually('the grandchild is gone', async () => !(await isAlive(grandchild)));
  });

  test('a process that is deaf to TERM is killed after the grace, and so are its children', async () => {
    const script =
      'trap "" TERM; sh -c "trap \\"\\" TERM; echo \\$\\$ > deaf; while :; do sleep 1; done" & while :; do sleep 1; done';
    const end = await runProcess(sh(script, { timeoutMs: 400, graceMs: 200 }));
    expect(end).toEqual({ signal: 'SIGKILL', stopped: 'timeout' });
    const deaf = await pidIn('deaf');
    await eventually('the deaf child is gone', async () => !(await isAlive(deaf)));
  });

  test('a leader that ends on TERM does not save a deaf child', async () => {
    const script = 'sh -c "trap \\"\\" TERM; echo \\$\\$ > deaf; while :; do sleep 1; done" & wait';
    const end = await runProcess(sh(script, { timeoutMs: 400, graceMs: 200 }));
    expect(end.stopped).toBe('timeout');
    const deaf = await pidIn('deaf');
    await eventually('the deaf child is gone', async () => !(await isAlive(deaf)));
  });

  test('a process may end in order when it is told to: its exit code is kept', async () => {
    const end = await runProcess(
      sh('trap "echo cleaned; exit 7" TERM; while :; do sleep 0.05; done', { timeoutMs: 300 }),
    );
    expect(end).toEqual({ exitCode: 7, stopped: 'timeout' });
    expect(out()).toBe('cleaned\n');
  });

  test('an abort stops it; one that came before the start, too', async () => {
    const abort = new AbortController();
    const end = runProcess(sh('echo $$ > pid; sleep 60'), { signal: abort.signal });
    await pidIn('pid');
    abort.abort();
    expect(await end).toEqual({ signal: 'SIGTERM', stopped: 'canceled' });
    expect(await runProcess(sh('sleep 60'), { signal: abort.signal })).toMatchObject({ stopped: 'canceled' });
  });

  test('a timeout of years does not fire at once', async () => {
    expect(await runProcess(sh('exit 0', { timeoutMs: 10 * 365 * 24 * 3600 * 1000 }))).toEqual({ exitCode: 0 });
  });
});

describe('output', () => {
  test('100 MB of output cost no memory here', async () => {
    const before = process.memoryUsage.rss();
    const end = await runProcess(sh('yes 0123456789abcdef | head -c 100000000; yes error | head -c 1000000 >&2'));
    expect(end).toEqual({ exitCode: 0 });
    expect(statSync(path.join(dir, 'out')).size).toBe(100_000_000);
    const tails = readTails(path.join(dir, 'out'), path.join(dir, 'err'));
    expect(tails.stdout.length + tails.stderr.length).toBeLessThanOrEqual(2048);
    expect(process.memoryUsage.rss() - before).toBeLessThan(50_000_000);
  });

  test.each([
    ['short ones whole', 'one', 'two', 'one', 'two'],
    ['a long stdout beside a short stderr', 'x'.repeat(5000), 'e', 'x'.repeat(2047), 'e'],
    ['a long stderr beside a short stdout', 'o', 'x'.repeat(5000), 'o', 'x'.repeat(2047)],
    ['two long ones half each', 'a'.repeat(5000), 'b'.repeat(5000), 'a'.repeat(1024), 'b'.repeat(1024)],
  ])('tails: %s', (_, stdout, stderr, wantedOut, wantedErr) => {
    writeFileSync(path.join(dir, 'out'), stdout);
    writeFileSync(path.join(dir, 'err'), stderr);
    expect(readTails(path.join(dir, 'out'), path.join(dir, 'err'))).toEqual({ stdout: wantedOut, stderr: wantedErr });
  });

  test('a tail is cut at whole characters, and binary output does not make it larger', () => {
    writeFileSync(path.join(dir, 'out'), 'ä'.repeat(2000));
    expect(readEnd(path.join(dir, 'out'), 101).tail).toBe('ä'.repeat(50));
    writeFileSync(path.join(dir, 'out'), Buffer.alloc(5000, 0xff));
    expect(Buffer.byteLength(readEnd(path.join(dir, 'out'), 100).tail)).toBeLessThanOrEqual(100);
  });
});
