import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BIN } from '../support/cli.js';
import { OwnService } from '../support/own-service.js';
import { tempDir } from '../support/plans.js';

/** A service that was started as a cron job does it: under a lock that an open descriptor holds. */
const own = new OwnService();
const lock = path.join(own.dir, 'lock');

beforeAll(async () => {
  const script = 'exec 200>"$1" 12>"$1.too"; flock -n 200; exec "$2" "$3" up';
  execFileSync('bash', ['-c', script, 'sh', lock, process.execPath, BIN], {
    env: { ...process.env, ORCH_STATE_DIR: own.state },
    stdio: 'ignore',
  });
  await own.up();
}, 120_000);
afterAll(async () => {
  await own.down('--stop-steps');
  own.killLeftovers();
}, 60_000);

const steps = [
  { id: 'fds', command: 'ls -l /proc/self/fd' },
  { id: 'integration', command: 'exit 3', depends_on: ['fds'] },
  { id: 'publish', command: 'true', depends_on: ['integration'] },
  { id: 'apart', command: 'exit 4', on_failure: 'continue', depends_on: ['integration'], trigger_rule: 'all_done' },
];

test('neither the service nor a step holds what the starter had open', async () => {
  expect(spawnSync('sh', ['-c', `flock -n '${lock}' true`]).status).toBe(0);
  const { id } = await own.start('fds', () => [steps[0]!]);
  expect((await own.ended(id)).status).toBe('succeeded');
  const { stdout } = await own.orch('logs', id, 'fds');
  expect(stdout).toContain('/proc/');
  expect(stdout).not.toContain(lock);
});

describe('a closed run', () => {
  test('says which step has aborted it, and of a step that it does not have that it has none', async () => {
    const { id } = await own.start('aborted', () => steps);
    await own.ended(id);
    expect((await own.orch('explain', id, 'publish')).stdout).toContain(
      "'integration' failed with `on_failure: abort`: exited with code 3 (exit_non_zero)",
    );
    const { stdout } = await own.orch('status', id);
    expect(stdout).toMatch(/canceled +publish +aborted: 'integration' failed \(exit code 3\)\n/);
    const { code, stderr } = await own.orch('explain', id, 'nope');
    expect([code, stderr]).toEqual([
      2,
      "error[refused]: The plan has no step 'nope'; it has fds, integration, publish, apart\n",
    ]);
  });

  test('has its outputs in status', async () => {
    const more = { outputs: { said: '${{ prev.say.outputs.n }}' } };
    const { id } = await own.start('outputs', () => [{ id: 'say', command: 'echo n=5 > "$ORCH_OUTPUT"' }], { more });
    await own.ended(id);
    expect(JSON.parse((await own.orch('status', id, '--json')).stdout)).toMatchObject({ outputs: { said: '5' } });
  });
});

test('the list begins with the run that began last, and an older one that is open stands where it began', async () => {
  const waits = await own.start('open', () => [{ id: 'wait', step_def: { type: 'approval' }, shell: undefined }]);
  const { id } = await own.start('closed', () => [{ id: 'a', command: 'true' }]);
  await own.ended(id);
  const listed = async (...flags: string[]): Promise<string[]> =>
    (JSON.parse((await own.orch('list', '--json', ...flags)).stdout) as { run_id: string }[]).map(
      ({ run_id }) => run_id,
    );
  expect(await listed('--limit', '1')).toEqual([id]);
  expect((await listed()).slice(0, 2)).toEqual([id, waits.id]);
  expect(await listed('--limit', '1', '--status', 'running')).toEqual([waits.id]);
  await own.orch('cancel', waits.id);
  await own.ended(waits.id);
});

test('a secret that the worker does not have is told with what to do', async () => {
  const { id } = await own.start('secret', () => [
    { id: 'a', command: 'true', env: { T: '${{ secrets.TOKEN }}' }, secrets: { TOKEN: { env: 'NOT_IN_THE_WORKER' } } },
  ]);
  await own.ended(id);
  expect((await own.orch('status', id)).stdout).toContain(
    'NOT_IN_THE_WORKER is not set in the environment of the worker',
  );
});

test.each(['list', 'status x', 'validate plan.yaml', 'down', '--version', 'doctor'])(
  'in a folder that was deleted, `orch %s` says so',
  (command) => {
    const gone = path.join(tempDir(), 'gone');
    mkdirSync(gone);
    const script = 'cd "$1"; rmdir "$1"; shift; exec "$@"';
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['-c', script, 'sh', gone, process.execPath, BIN, ...command.split(' ')],
      { encoding: 'utf8', env: { ...process.env, ORCH_STATE_DIR: own.state } },
    );
    expect([status, stdout, stderr]).toEqual([
      2,
      '',
      'error: the current folder does not exist any more\n  hint: change to a folder that exists\n',
    ]);
  },
);
