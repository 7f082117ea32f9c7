import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENGINE_VERSION } from '../../src/contract/run-input.js';
import type { Check } from '../../src/service/index.js';
import { eventually } from '../support/eventually.js';
import { OwnService } from '../support/own-service.js';

const own = new OwnService();
beforeAll(() => own.up(), 60_000);
afterAll(() => own.down(), 60_000);

async function openRuns(): Promise<Check[]> {
  const { stdout } = await own.orch('doctor', '--json');
  return (JSON.parse(stdout) as { checks: Check[] }).checks.filter(({ name }) => name === 'open_runs');
}

/** Starts a run as an orch of another version does. */
async function start(workflowId: string, version: number): Promise<void> {
  const plan = { plan_id: 'other', version: '1.0', steps: [{ id: 'a', command: 'true' }] };
  await own.signedClient().workflow.start('runPlan', {
    workflowId,
    taskQueue: 'orch',
    args: [{ engine_version: version, plan, digest: '', inputs: {}, env: {}, base_dir: '/' }],
    memo: { plan: 'other', engine_version: version },
  });
}

test('doctor and up name the open runs that need another build; status says so of each', async () => {
  expect(await openRuns()).toEqual([{ name: 'open_runs', ok: 'ok', detail: 'none needs another build of orch' }]);
  await start('of-tomorrow', ENGINE_VERSION + 1);
  await start('of-old', 0);
  const checks = await eventually('both are listed', async () => {
    const found = await openRuns();
    return found.length === 2 && found;
  });
  const newer = '1 open run waits for a newer orch: of-tomorrow';
  const older = '1 open run waits for an older orch: of-old';
  const upgrade = 'upgrade orch here: they continue once a worker of the newer one runs';
  const goBack = 'start a worker of that older orch: they continue once it runs';
  expect(checks).toEqual([
    { name: 'open_runs', ok: 'warn', detail: newer, hint: upgrade },
    { name: 'open_runs', ok: 'warn', detail: older, hint: goBack },
  ]);
  const { code, stderr } = await own.orch('up');
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: `warning: ${newer}\n  hint: ${upgrade}\nwarning: ${older}\n  hint: ${goBack}\n`,
  });
  const words = `This run was started by a newer orch (engine version ${ENGINE_VERSION + 1};`;
  const says = async (): Promise<boolean> => (await own.orch('status', 'of-tomorrow')).stdout.includes(words);
  await eventually('status says what it waits for', says, 60_000);
}, 120_000);
