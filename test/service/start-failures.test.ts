import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runDoctor } from '../../src/service/doctor.js';
import { ensureService } from '../../src/service/ensure.js';
import { stopService } from '../../src/service/stop.js';
import { BIN, runCli } from '../support/cli.js';
import { cleanUp, newPlace, newRealPlace, script, start, versionLine, type Place } from './rig.js';

afterEach(cleanUp, 30_000);

/** A place whose server says a line and ends. */
function failing(line: string): Place {
  const place = newPlace();
  const lines = [
    `if [ "$1" = --version ]; then ${versionLine('1.5.1', '1.29.1')}; exit; fi`,
    `echo '${line}'`,
    'exit 1',
  ];
  place.env['ORCH_TEMPORAL_CLI'] = script(dirname(place.files.state), 'temporal', ...lines);
  return place;
}

describe('a server that ends while it starts', () => {
  it.each([
    [
      'database_in_use',
      'database is locked (5) (SQLITE_BUSY)',
      /^another server that cannot be seen from here has .*temporal\.db open/,
    ],
    ['database_corrupt', 'database disk image is malformed (11)', /^restore .*temporal\.db from a backup/],
    ['database_corrupt', 'SQL logic error: no such table: namespaces (1)', /^restore .*temporal\.db/],
    ['disk_full', 'database or disk is full (13)', /^free some space where .*state is/],
    ['too_many_open_files', 'accept4: too many open files', /ulimit -n 4096$/],
  ])('is told as %s by its words', async (code, said, hint) => {
    await expect(ensureService(failing(said))).rejects.toMatchObject({
      code,
      message: `the embedded Temporal server ended while it started\n  ${said}`,
      hint: expect.stringMatching(hint),
    });
  });

  it('on a database that is none is told so by the real one', async () => {
    const place = await newRealPlace();
    mkdirSync(place.files.dir, { recursive: true, mode: 0o700 });
    writeFileSync(place.files.database, 'x'.repeat(10_000));
    await expect(ensureService(place)).rejects.toMatchObject({ code: 'database_corrupt' });
  });
});

describe('a state folder', () => {
  const uses = ['up', 'down', 'list', 'stats', 'prune --older-than 1d', 'logs x', 'run examples/quickstart.yaml'];

  it.each(uses)('that is a file is refused by `orch %s`', async (command) => {
    const place = newPlace();
    const { state } = place.files;
    writeFileSync(state, 'a file in its place');
    expect(await runCli(command.split(' '), { env: { ORCH_STATE_DIR: state } })).toEqual({
      code: 3,
      stdout: '',
      stderr:
        `error[state_dir_unwritable]: the state folder ${state} cannot be used: ${state} is a file\n` +
        '  hint: remove the file, or set ORCH_STATE_DIR to a folder\n',
    });
  });

  it.runIf(process.getuid?.() === 0).each(uses)('of another user is refused by `orch %s`', async (command) => {
    const place = newPlace();
    const { state } = place.files;
    mkdirSync(state);
    chownSync(state, 65_534, 65_534);
    expect(await runCli(command.split(' '), { env: { ORCH_STATE_DIR: state } })).toEqual({
      code: 3,
      stdout: '',
      stderr:
        `error[state_dir_foreign]: the state folder ${state} is refused: ${state} belongs to user 65534, and you are root\n` +
        '  hint: run orch as its owner, or set ORCH_STATE_DIR to a folder of your own\n',
    });
  });

  it.runIf(process.getuid?.() === 0)('of another user is told by doctor, also if only its service is', async () => {
    const place = newPlace();
    mkdirSync(place.files.dir, { recursive: true });
    chownSync(place.files.dir, 65_534, 65_534);
    const checks = await runDoctor(place);
    expect(checks.find(({ name }) => name === 'state_folder')).toMatchObject({
      ok: 'fail',
      detail: expect.stringContaining(`${place.files.dir} belongs to user 65534, and you are root`),
    });
    await expect(stopService(place)).rejects.toMatchObject({ code: 'state_dir_foreign' });
  });
});

describe.runIf(process.platform === 'linux')('limits of the system', () => {
  it('too few open files are told before anything is started', async () => {
    const { state } = newPlace().files;
    const env = { ORCH_STATE_DIR: state };
    expect(await limited('ulimit -n 64', ['up'], env)).toEqual({
      code: 3,
      stderr:
        'error[too_many_open_files]: a process may open only 64 files at once here, but the service needs 256\n' +
        '  hint: raise the limit and try again: ulimit -n 4096\n',
    });
  });

  it('what cannot be written to its output is no success', async () => {
    const env = { ORCH_STATE_DIR: newPlace().files.state };
    expect(await limited('exec > /dev/full', ['stats', '--json'], env)).toEqual({
      code: 1,
      stderr: 'error: the output could not be written: ENOSPC: no space left on device, write\n',
    });
  });
});

/** Calls the built command after a line of shell. */
async function limited(line: string, args: string[], env: Record<string, string>): Promise<unknown> {
  const call = ['-c', `${line}; exec "$0" "$@"`, process.execPath, BIN, ...args];
  const child = start('/bin/sh', call, { ...process.env, NO_COLOR: '1', ...env });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, stderr };
}
