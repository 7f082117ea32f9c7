import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { Check } from '../../src/service/check.js';
import { runDoctor } from '../../src/service/doctor.js';
import { ensureService } from '../../src/service/ensure.js';
import { cleanUp, fakeTemporal, newPlace, newRealPlace, script, temporaryFolder } from './rig.js';

afterEach(cleanUp, 30_000);

function only(checks: Check[], ...names: string[]): Check[] {
  return checks.filter((check) => names.includes(check.name));
}

it('finds nothing wrong with a machine where orch never ran', async () => {
  const place = newPlace();
  const path = fakeTemporal(dirname(place.files.state), '1.5.1', '1.29.1');
  place.env.ORCH_TEMPORAL_CLI = path;
  const checks = await runDoctor(place);
  expect(checks.map((check) => check.name)).toEqual([
    'node',
    'state_folder',
    'cache_folder',
    'disk_space',
    'records',
    'temporal_binary',
    'go',
    'signing_key',
    'server',
    'worker',
  ]);
  expect(only(checks, 'temporal_binary', 'signing_key', 'server', 'worker')).toEqual([
    { name: 'temporal_binary', ok: 'ok', detail: `${path}, 1.5.1 (server 1.29.1), found by ORCH_TEMPORAL_CLI` },
    { name: 'signing_key', ok: 'ok', detail: 'created by the first start' },
    { name: 'server', ok: 'ok', detail: 'not running; the next run starts it' },
    { name: 'worker', ok: 'ok', detail: 'not running; the next run starts it' },
  ]);
});

it('builds nothing, and says what a first start would need', async () => {
  const place = newPlace({ ORCH_CACHE_DIR: temporaryFolder() });
  const tools = dirname(
    script(join(temporaryFolder(), 'tools'), 'go', '[ "$1" = version ] && echo "go version go1.26"'),
  );
  const env = { ...place.env, PATH: tools, ORCH_TEMPORAL_CLI: '' };
  const checks = only(await runDoctor({ ...place, env }), 'temporal_binary', 'go');
  expect(checks).toMatchObject([
    { name: 'temporal_binary', ok: 'warn', detail: "Temporal's command line program was not found" },
    { name: 'go', ok: 'ok', detail: 'go version go1.26' },
  ]);
});

it('sees a state folder that is open to others, and one that is not a folder', async () => {
  const place = newPlace();
  mkdirSync(place.files.dir, { recursive: true, mode: 0o700 });
  chmodSync(place.files.dir, 0o755);
  expect(only(await runDoctor(place), 'state_folder')).toEqual([
    {
      name: 'state_folder',
      ok: 'warn',
      detail: `others can read ${place.files.dir}`,
      hint: `chmod 700 ${place.files.dir}`,
    },
  ]);
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const checks = await runDoctor({ ...place, env: { ...place.env, ORCH_STATE_DIR: file } });
  expect(only(checks, 'state_folder')).toMatchObject([
    { ok: 'fail', detail: `the state folder ${file} cannot be used: ${file} is a file` },
  ]);
});

it(
  'tells what runs, and asks a remote service in place of it where one is configured',
  { timeout: 60_000 },
  async () => {
    const place = await newRealPlace();
    const info = await ensureService(place);
    const [server, worker] = only(await runDoctor(place), 'server', 'worker');
    expect(server).toMatchObject({ ok: 'ok' });
    expect(server?.detail).toContain(`process ${info.server_pid} at ${info.address}, Temporal`);
    expect(server?.detail).toContain('keeps closed runs 30 days');
    expect(worker).toMatchObject({ ok: 'ok' });
    const remote = await runDoctor({ env: { ...place.env, TEMPORAL_ADDRESS: info.address } });
    expect(remote.at(-1)).toEqual({
      name: 'remote_service',
      ok: 'ok',
      detail: `${info.address}, namespace default answers; nothing embedded is used`,
    });
    const wrong = await runDoctor({
      env: { ...place.env, TEMPORAL_ADDRESS: info.address, TEMPORAL_NAMESPACE: 'absent' },
    });
    expect(wrong.at(-1)).toMatchObject({ name: 'remote_service', ok: 'fail' });
  },
);
