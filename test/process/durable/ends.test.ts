import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inspectTry, type Exited, type Started } from '../../../src/process/index.js';
import { DurableRig, essence } from '../../support/durable.js';
import { eventually } from '../../support/eventually.js';

let rig: DurableRig;
beforeEach(() => {
  rig = new DurableRig();
});
afterEach(() => rig.close());

const exited = { kind: 'exited', generation: 0, attached: false };

describe('the end of a command', () => {
  test.each([0, 1, 75, 126, 127, 137, 255])('exit code %i is told as it is', async (exitCode) => {
    expect(essence(await rig.run(`exit ${exitCode}`))).toEqual({ ...exited, exitCode });
    expect(rig.file('err')).toBe('');
  });

  test.each(['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGSEGV', 'SIGUSR1'])('%s is told by its name', async (signal) => {
    expect(essence(await rig.run(`ulimit -c 0; kill -${signal.slice(3)} $$`))).toEqual({ ...exited, signal });
    expect(rig.file('err')).toBe('');
  });

  test('both streams go to their files, in order, without being mixed', async () => {
    const end = (await rig.run('echo one; echo two >&2; echo three')) as Exited;
    expect(readFileSync(end.stdoutFile, 'utf8')).toBe('one\nthree\n');
    expect(readFileSync(end.stderrFile, 'utf8')).toBe('two\n');
  });

  test('stdin is what was given, and is empty where nothing was', async () => {
    await rig.run('cat; echo end', { stdin: 'from above\n' });
    expect(rig.file('out')).toBe('from above\nend\n');
    await rig.run('cat; echo end', { tryDir: rig.path('attempts/other') });
    expect(rig.read('attempts/other/g0/out')).toBe('end\n');
  });

  test('a command that does not read its large stdin ends as it ends', async () => {
    expect(essence(await rig.run('exit 4', { stdin: 'x'.repeat(1_000_000) }))).toEqual({ ...exited, exitCode: 4 });
  });

  test('a command that closes its streams is waited for', async () => {
    expect(essence(await rig.run('exec <&- >&- 2>&-; sleep 0.3; exit 3'))).toEqual({ ...exited, exitCode: 3 });
  });

  test('a descendant that keeps the streams open does not delay the end, and is left alone', async () => {
    expect(essence(await rig.run('sleep 60 & echo done'))).toEqual({ ...exited, exitCode: 0 });
    expect(rig.processes()).toHaveLength(1);
  });

  test('a daemon in a session of its own is left alone at an ordinary end', async () => {
    const end = await rig.run('(setsid sh -c "echo up > up; sleep 60" &) ; until [ -s up ]; do sleep 0.02; done');
    expect(essence(end)).toEqual({ ...exited, exitCode: 0 });
    expect(rig.processes().length).toBeGreaterThan(0);
  });

  test('the second call hears the same end, and runs nothing', async () => {
    const first = await rig.run('echo ran >> ran; exit 3');
    expect(await rig.run('echo ran >> ran; exit 3')).toEqual({ ...first, attached: true });
    expect(rig.read('ran')).toBe('ran\n');
  });

  test('who starts it hears of its start', async () => {
    const starts: Started[] = [];
    await rig.run('sleep 0.2', {}, { onStart: (started) => starts.push(started) });
    expect(starts).toHaveLength(1);
    expect(starts[0]).toMatchObject({ generation: 0, attached: false });
    expect(Math.abs(starts[0]!.startedAt - Date.now())).toBeLessThan(10_000);
  });

  test('its duration is that of the command, whoever asks and when', async () => {
    const first = (await rig.run('sleep 0.5')) as Exited;
    expect(first.durationMs).toBeGreaterThanOrEqual(480);
    expect(first.durationMs).toBeLessThan(3000);
    expect(inspectTry(rig.tryDir).durationMs).toBe(first.durationMs);
  });
});

const names = (): string[] =>
  rig
    .file('out')
    .split('\n')
    .map((line) => line.split('=')[0]!)
    .filter(Boolean)
    .sort();

describe('the environment', () => {
  const env = { file: 'env', args: [] };
  test('is what was given, and the mark', async () => {
    await rig.run('', { ...env, env: { PATH: '/usr/bin:/bin', ONLY: 'this' } });
    expect(names()).toEqual(['ONLY', 'ORCH_PROCESS_MARK', 'PATH']);
  });

  test('keeps short names, values of several lines, and what shells know as their own', async () => {
    const given = {
      PATH: '/usr/bin:/bin',
      d: 'd',
      c: 'c',
      x: 'two\nlines',
      PWD: rig.dir,
      OLDPWD: '/',
      SHLVL: '3',
      PS1: '$',
    };
    await rig.run('', { ...env, args: ['-0'], env: given });
    const seen = Object.fromEntries(
      rig
        .file('out')
        .split('\0')
        .filter(Boolean)
        .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    );
    delete seen['ORCH_PROCESS_MARK'];
    expect(seen).toEqual(given);
  });

  test('keeps names that are no identifiers, and neither runs $BASH_ENV nor takes over functions', async () => {
    writeFileSync(rig.path('bash env'), 'echo sourced >&2');
    const given = {
      PATH: '/usr/bin:/bin',
      'a.b': '1',
      'BASH_FUNC_printf%%': '() {  :\n}',
      BASH_ENV: rig.path('bash env'),
    };
    expect(essence(await rig.run('', { ...env, env: given }))).toEqual({ ...exited, exitCode: 0 });
    expect(rig.file('out')).toContain('\na.b=1\n');
    expect(rig.file('out')).toContain('BASH_FUNC_printf%%=() {');
    expect(rig.file('err')).toBe('');
  });

  test('is never written to disk, nor are arguments', async () => {
    await rig.run('', {
      file: 'sh',
      args: ['-c', 'sleep 0.1', 'argued-s3cret'],
      env: { PATH: '/usr/bin:/bin', TOKEN: 'env-s3cret' },
    });
    for (const file of ['state', 'out', 'err']) expect(rig.file(file)).not.toContain('s3cret');
  });

  test('the umask is that of the caller, while the files are private', async () => {
    await rig.run('umask; echo given > made', { stdin: 'secret' });
    expect(rig.file('out').trim()).toBe(process.umask().toString(8).padStart(4, '0'));
    const mode = (name: string): string => (statSync(`${rig.tryDir}/${name}`).mode & 0o777).toString(8);
    expect(['.', 'g0'].map(mode)).toEqual(['700', '700']);
    expect(['owner.json', 'g0/in', 'g0/out', 'g0/err', 'g0/state', 'g0/alive'].map(mode)).toEqual(Array(6).fill('600'));
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
    ['an empty name', { file: '' }, 'command not found: '],
  ])('%s is told apart from others', async (_, more, message) => {
    const error = await rig.run('true', more).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'SpawnError' });
    expect((error as Error).message).toContain(message);
  });

  test('a folder that is a file', async () => {
    writeFileSync(rig.path('file'), '');
    await expect(rig.run('true', { cwd: rig.path('file') })).rejects.toThrow('is not a directory');
  });

  test.each(['plain', './plain', 'folder'])('what cannot be executed: %s', async (file) => {
    writeFileSync(rig.path('plain'), '#!/bin/sh\n', { mode: 0o600 });
    mkdirSync(rig.path('folder'));
    await expect(rig.run('', { file, env: { PATH: rig.dir } })).rejects.toThrow(`permission denied: ${file}`);
  });

  test('a script whose interpreter is missing', async () => {
    writeFileSync(rig.path('script'), '#!/no/such/interpreter -x\n', { mode: 0o700 });
    await expect(rig.run('', { file: './script' })).rejects.toThrow('its interpreter /no/such/interpreter');
  });

  test.each(['#!/bin/sh\r\ntrue\r\n', '#!/usr/bin/env sh\r\ntrue\r\n'])(
    'a script with Windows line ends: %j',
    async (text) => {
      writeFileSync(rig.path('script'), text, { mode: 0o700 });
      await expect(rig.run('', { file: './script' })).rejects.toThrow(
        'cannot start ./script: its first line ends with a carriage return (\\r\\n); save it with \\n',
      );
    },
  );

  test.each([
    ['argument 3', { args: ['-c', 'true', 'x'.repeat(4_000_000)] }],
    ['the variable BIG', { env: { PATH: '/bin', BIG: 'x'.repeat(4_000_000) } }],
  ])('what is too large is named: %s', async (name, more) => {
    await expect(rig.run('true', more)).rejects.toThrow(
      `the arguments and environment are too large for the system; the largest of them is ${name}, with 3907 KiB; pass data by stdin or a file`,
    );
  });

  test('a try that could not be started is not started later', async () => {
    await expect(rig.run('', { file: './later' })).rejects.toThrow('command not found');
    writeFileSync(rig.path('later'), '#!/bin/sh\necho ran >> ran\n', { mode: 0o700 });
    await expect(rig.run('', { file: './later' })).rejects.toMatchObject({ name: 'SpawnError' });
    expect(rig.read('ran')).toBe('');
  });

  test('commands by relative path, without a first line, and with a leading dash run', async () => {
    writeFileSync(rig.path('-dash'), 'echo "$1" >> ran\n', { mode: 0o700 });
    for (const [index, file] of ['./-dash', '-dash'].entries()) {
      await rig.run('', {
        file,
        args: [file],
        tryDir: rig.path(`attempts/${index}`),
        env: { PATH: `${rig.dir}:/usr/bin:/bin` },
      });
    }
    expect(rig.read('ran')).toBe('./-dash\n-dash\n');
  });

  test('a folder that cannot be made fails with the error of the system', async () => {
    writeFileSync(rig.path('attempts'), '');
    await expect(rig.run('true')).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

test('100 MB of output cost no memory here', async () => {
  const before = process.memoryUsage.rss();
  const end = (await rig.run('yes 0123456789abcdef | head -c 100000000')) as Exited;
  expect(statSync(end.stdoutFile).size).toBe(100_000_000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(50_000_000);
});

test('many at once end each as it should', async () => {
  const ends = await Promise.all(
    Array.from({ length: 30 }, (_, index) => rig.run(`exit ${index}`, { tryDir: rig.path(`attempts/${index}`) })),
  );
  expect(ends.map((end) => (end as Exited).exitCode)).toEqual(Array.from({ length: 30 }, (_, index) => index));
  await eventually('nothing runs', () => rig.processes().length === 0);
});
