import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { callCli, sharedStateDir } from '../support/cli.js';
import { httpRig } from '../support/http-rig.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

const rig = httpRig();

interface Ended {
  steps: { id: string; status: string; reason: string | null; message: string | null; attempts: number }[];
}

test('a call with a secret and no body in its answer is made once, and reports its own end', async () => {
  const calls: string[] = [];
  const origin = await rig.serve((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    if (request.url === '/cut') request.socket.destroy();
    else response.writeHead(request.url === '/bad' ? 500 : 204).end();
  });
  const step = (id: string) => ({
    id,
    critical: false,
    step_def: { type: 'http', url: `${origin}/${id}`, method: 'POST', headers: { 'X-T': '${{ secrets.T }}' } },
  });
  const globals = { max_concurrency: 1, secrets: { T: { command: ['echo', 'a-secret-value'] } } };
  const plan = writePlan(tempDir(), { globals, steps: ['fine', 'cut', 'bad'].map(step) });
  const { stdout } = await callCli(['run', plan, '--json']);
  const { steps } = JSON.parse(stdout) as Ended;
  expect(steps.map(({ id, status, reason, attempts }) => [id, status, reason, attempts])).toEqual([
    ['fine', 'success', null, 1],
    ['cut', 'failed', 'http_network', 1],
    ['bad', 'failed', 'http_status', 1],
  ]);
  expect(calls.toSorted()).toEqual(['POST /bad', 'POST /cut', 'POST /fine']);
});

test('a call with a secret in its body that is redirected to another origin is made once, and fails as what it is', async () => {
  const calls: string[] = [];
  const other = await rig.serve((request, response) => {
    calls.push(`other ${request.method} ${request.url}`);
    response.end();
  });
  const origin = await rig.serve((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    response.writeHead(307, { Location: `${other}/in` }).end();
  });
  const step_def = { type: 'http', url: `${origin}/x`, method: 'POST', body: { token: '${{ secrets.T }}' } };
  const globals = { secrets: { T: { command: ['echo', 'a-secret-value'] } } };
  const plan = writePlan(tempDir(), { globals, steps: [{ id: 'call', retries: 2, step_def }] });
  const { stdout } = await callCli(['run', plan, '--json']);
  expect((JSON.parse(stdout) as Ended).steps[0]).toMatchObject({
    reason: 'http_network',
    attempts: 1,
    message: `POST ${origin}/x was redirected by ${origin}/x to another origin (${other}), and the body holds a secret; call that origin directly if it is meant to receive it`,
  });
  expect(calls).toEqual(['POST /x']);
});

test('a call whose folder cannot be made is not sent, and says why', async () => {
  let calls = 0;
  const origin = await rig.serve((_, response) => {
    calls += 1;
    response.end();
  });
  const run = uniqueId('no-folder');
  mkdirSync(path.join(sharedStateDir(), 'runs', run), { recursive: true });
  writeFileSync(path.join(sharedStateDir(), 'runs', run, 'steps'), 'a file where a folder belongs');
  const steps = [{ id: 'call', step_def: { type: 'http', url: origin, method: 'POST' } }];
  const { stdout } = await callCli(['run', writePlan(tempDir(), { steps }), '--id', run, '--json']);
  expect((JSON.parse(stdout) as Ended).steps[0]).toMatchObject({
    reason: 'spawn_failed',
    attempts: 1,
    message: expect.stringContaining('ENOTDIR: not a directory') as string,
  });
  expect(calls).toBe(0);
});
