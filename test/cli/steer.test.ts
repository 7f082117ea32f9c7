import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { callCli, startCli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { steady, tempDir, uniqueId, writePlan } from '../support/plans.js';

interface RunJson {
  status: string;
  steps: {
    id: string;
    status: string;
    reason: string | null;
    message: string | null;
    outputs: Record<string, unknown>;
  }[];
}
const ends = (stdout: string): Record<string, string> =>
  Object.fromEntries((JSON.parse(stdout) as RunJson).steps.map((step) => [step.id, step.reason ?? step.status]));
const stands = (id: string, text: string): Promise<true> =>
  eventually(`status shows ${text}`, async () => (await callCli(['status', id])).stdout.includes(text) || undefined);

describe('approvals', () => {
  const gate = {
    type: 'approval',
    message: 'Ship it?',
    approvers: ['ann', 'bob'],
    inputs: { tier: { type: 'integer', required: true } },
  };
  const steps = [
    { id: 'gate', step_def: gate },
    {
      id: 'ship',
      command: 'echo "${{ prev.gate.outputs.by }} ${{ prev.gate.outputs.tier + 1 }}" > shipped',
      shell: true,
      depends_on: ['gate'],
    },
    {
      id: 'tell',
      command: 'echo',
      args: ['${{ prev.gate.outputs.by }} ${{ prev.gate.outputs.tier + 1 }}'],
      depends_on: ['gate'],
    },
  ];

  test('a run waits for a person; only those named may answer, once, with the inputs that are asked for', async () => {
    const dir = tempDir();
    const id = uniqueId('approved');
    const plan = writePlan(dir, { steps: [steps[0], steps[2]] });
    const cli = startCli(['run', plan, '--id', id], { cwd: dir });
    await eventually('it says how to answer', () =>
      cli.output().includes(`answer with: orch approve ${id} gate --by NAME   or: orch reject ${id} gate --by NAME\n`),
    );
    expect((await callCli(['explain', id, 'gate'])).stdout).toBe(
      'gate: waiting\n  It waits for ann or bob to approve or reject it: Ship it?.\n  It depends on nothing.\n',
    );
    expect((await callCli(['approve', id, 'gate', '--by', 'eve', '--input', 'tier=1'])).stderr).toBe(
      "error[refused]: Cannot approve step 'gate': only ann, bob may decide, not eve\n",
    );
    expect((await callCli(['approve', id, 'gate', '--input', 'tier=1'])).stderr).toContain(
      'hint: say which of them you are: `--by NAME`',
    );
    expect((await callCli(['approve', id, 'gate', '--by', 'ann'])).stderr).toContain(
      'error[refused]: Cannot approve: ',
    );
    expect(
      await callCli(['approve', id, 'gate', '--by', 'ann', '--input', 'tier=1', '--comment', 'fine']),
    ).toMatchObject({
      code: 0,
      stdout: 'gate: approved\n',
    });
    const { code, stderr } = await cli.ended;
    expect(code).toBe(0);
    expect(steady(stderr)).toContain('success  gate <time>  approved by ann: fine\n');
    expect((await callCli(['reject', id, 'gate', '--by', 'bob'])).code).toBe(2);
    const [, tell] = (JSON.parse((await callCli(['status', id, '--json'])).stdout) as { steps: { log_dir: string }[] })
      .steps;
    expect(readFileSync(path.join(tell!.log_dir, 'stdout.log'), 'utf8')).toBe('ann 2\n');
  });

  test('a rejection fails the step', async () => {
    const dir = tempDir();
    const id = uniqueId('rejected');
    await callCli(['start', writePlan(dir, { steps: [{ id: 'gate', step_def: { type: 'approval' } }] }), '--id', id], {
      cwd: dir,
    });
    await stands(id, 'waiting  gate');
    expect((await callCli(['reject', id, 'gate', '--comment', 'not today', '--by', 'me'])).stdout).toBe(
      'gate: rejected\n',
    );
    const { code, stdout } = await callCli(['watch', id, '--json']);
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as RunJson).steps).toMatchObject([
      { reason: 'rejected', message: 'rejected by me: not today' },
    ]);
  });
});

test('a wait and an approval survive a killed worker and a killed server', async () => {
  const state = tempDir();
  const dir = tempDir();
  const env = { ORCH_STATE_DIR: state };
  const id = uniqueId('survives');
  const plan = writePlan(dir, {
    steps: [
      { id: 'gate', step_def: { type: 'approval', timeout_sec: 3600, default: 'reject' } },
      { id: 'nap', step_def: { type: 'wait', seconds: 4 } },
      { id: 'last', command: 'true', depends_on: ['gate', 'nap'] },
    ],
  });
  try {
    await callCli(['start', plan, '--id', id], { cwd: dir, env });
    const { server, worker } = JSON.parse(readFileSync(path.join(state, 'service', 'service.json'), 'utf8')) as Record<
      'server' | 'worker',
      { pid: number }
    >;
    process.kill(worker.pid, 'SIGKILL');
    process.kill(server.pid, 'SIGKILL');
    expect((await callCli(['up'], { env })).code).toBe(0);
    await eventually('the approval is taken', async () => (await callCli(['approve', id, 'gate'], { env })).code === 0);
    const { code, stdout } = await callCli(['watch', id, '--json'], { env });
    expect([code, ends(stdout)]).toEqual([0, { gate: 'success', nap: 'success', last: 'success' }]);
  } finally {
    await callCli(['down'], { env });
  }
});

describe('quarantine', () => {
  const steps = [
    { id: 'flaky', command: 'test -e mended', shell: true },
    { id: 'after', command: 'true', depends_on: ['flaky'] },
  ];
  const globals = { on_abort: 'quarantine' };

  test('run prints the choices and exits 5; retry goes on with the same run', async () => {
    const dir = tempDir();
    const id = uniqueId('held');
    const { code, stderr } = await callCli(['run', writePlan(dir, { globals, steps }), '--id', id], { cwd: dir });
    expect(code).toBe(5);
    expect(stderr).toContain(
      [
        `${id} is quarantined: flaky failed, and the run waits for you`,
        `  try again:             orch retry ${id} flaky`,
        `  continue without it:   orch skip ${id} flaky`,
        `  give up what failed:   orch resume ${id}`,
        `  end the run:           orch cancel ${id}`,
        '',
      ].join('\n'),
    );
    expect((await callCli(['explain', id, 'after'])).stdout).toBe(
      "after: pending\n  It waits for 'flaky'.\n  'flaky' failed, and the run waits for a decision: retry, skip, resume or cancel.\n",
    );
    writeFileSync(path.join(dir, 'mended'), '');
    expect((await callCli(['retry', id, 'flaky'])).code).toBe(0);
    const { code: end, stdout } = await callCli(['watch', id, '--json']);
    expect([end, ends(stdout)]).toEqual([0, { flaky: 'success', after: 'success' }]);
  });
});

test('--only runs what it names, as if all that it needs were done', async () => {
  const dir = tempDir();
  const steps = [
    { id: 'a', command: 'false' },
    { id: 'b', command: 'true', depends_on: ['a'] },
    { id: 'c', command: 'false', depends_on: ['b'] },
  ];
  const id = uniqueId('only');
  const { code, stdout } = await callCli(['run', writePlan(dir, { steps }), '--id', id, '--json', '--only', 'b'], {
    cwd: dir,
  });
  expect([code, ends(stdout)]).toEqual([0, { a: 'not_selected', b: 'success', c: 'not_selected' }]);
  expect((await callCli(['explain', id, 'a'])).stdout).toBe(
    'a: skipped\n  The run was started without it (--only, --from, --to or --skip).\n',
  );
});

test('pause holds the next steps, resume lets them go', async () => {
  const dir = tempDir();
  const id = uniqueId('paused');
  const steps = [
    { id: 'a', command: 'until [ -e go ]; do sleep 0.1; done', shell: true },
    { id: 'b', command: 'true', depends_on: ['a'] },
  ];
  await callCli(['start', writePlan(dir, { steps }), '--id', id], { cwd: dir });
  expect((await callCli(['pause', id])).stdout).toBe(`${id}: paused; running steps continue, nothing new starts\n`);
  expect((await callCli(['pause', id])).stderr).toBe('error[refused]: Cannot pause the run: it is already paused\n');
  expect((await callCli(['status', id])).stdout).toMatch(new RegExp(`^${id} paused `));
  const listed = async (status: string): Promise<boolean> =>
    (await callCli(['list', '--limit', '1000', '--status', status])).stdout.includes(`${id} `);
  await eventually('the list says so', () => listed('paused'));
  expect(await listed('running')).toBe(false);
  writeFileSync(path.join(dir, 'go'), '');
  await stands(id, 'success  a');
  expect((await callCli(['explain', id, 'b'])).stdout).toBe(
    'b: pending\n  It is ready; the run is paused, so nothing starts.\n',
  );
  expect((await callCli(['resume', id])).code).toBe(0);
  expect((await callCli(['watch', id])).code).toBe(0);
  expect((await callCli(['status', id])).stdout).toMatch(new RegExp(`^${id} succeeded `));
});

test('finally runs after a cancel, and cancel --force ends it', async () => {
  const dir = tempDir();
  const id = uniqueId('forced');
  const plan = writePlan(dir, {
    steps: [{ id: 'slow', command: 'sleep', args: ['60'] }],
    finally: [{ id: 'clean', command: 'echo > cleaned; sleep 60', shell: true }],
  });
  await callCli(['start', plan, '--id', id], { cwd: dir });
  await stands(id, 'running  slow');
  await callCli(['cancel', id]);
  await eventually('the cleanup runs', () => existsSync(path.join(dir, 'cleaned')));
  expect((await callCli(['cancel', id, '--force', '--by', 'eve'])).code).toBe(0);
  const { code, stdout } = await callCli(['watch', id, '--json']);
  expect([code, ends(stdout)]).toEqual([4, { slow: 'run_canceled', clean: 'run_canceled' }]);
  expect((await callCli(['explain', id, 'clean'])).stdout).toContain('The run was canceled by eve.');
});

describe('conditions, outputs and calls', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  test('outputs go from step to step; conditions and skip_if decide; an expression that fails, fails its step', async () => {
    const dir = tempDir();
    const plan = writePlan(dir, {
      inputs: { DRY_RUN: { type: 'string', default: '1' } },
      steps: [
        { id: 'make', command: 'printf \'{"n": 3, "list": ["a", "b"]}\' > "$ORCH_OUTPUT"', shell: true },
        { id: 'three', command: 'test', args: ['${{ prev.make.outputs.n }}', '=', '3'], depends_on: ['make'] },
        {
          id: 'dry',
          command: 'true',
          depends_on: ['make'],
          condition: "env.DRY_RUN == '1' && prev.make.status == 'success'",
        },
        { id: 'not-dry', command: 'true', depends_on: ['make'], condition: "env.DRY_RUN != '1'" },
        { id: 'enough', command: 'true', depends_on: ['make'], skip_if: ['prev.make.outputs.list.size() >= 2'] },
        {
          id: 'bad',
          command: 'true',
          depends_on: ['make'],
          condition: 'prev.make.outputs.missing > 1',
          critical: false,
        },
      ],
    });
    const { stdout } = await callCli(['run', plan, '--json'], { cwd: dir });
    expect(ends(stdout)).toEqual({
      make: 'success',
      three: 'success',
      dry: 'success',
      'not-dry': 'condition_false',
      enough: 'skip_if',
      bad: 'expression_error',
    });
  });

  test('an http step sends what it is told, retries as the server asks, and gives its answer as outputs', async () => {
    const seen: string[] = [];
    server = createServer((request, response) => {
      request.setEncoding('utf8');
      let body = '';
      request.on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        seen.push([request.method, request.url, request.headers['x-who'], body].join(' '));
        response.statusCode = seen.length === 1 ? 503 : 200;
        if (seen.length === 1) response.setHeader('retry-after', '0');
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ id: 7 }));
      });
    }).listen(0, '127.0.0.1');
    await eventually('the server listens', () => server!.listening);
    const { port } = server.address() as AddressInfo;
    const dir = tempDir();
    const call = {
      type: 'http',
      url: 'http://127.0.0.1:${PORT}/things',
      method: 'post',
      headers: { 'x-who': '${{ run.id }}' },
      body: { name: '${NAME}' },
    };
    const plan = writePlan(dir, {
      inputs: { PORT: { type: 'integer', required: true }, NAME: { type: 'string', default: 'x "y"' } },
      steps: [
        { id: 'call', step_def: call, retries: 2 },
        {
          id: 'check',
          command: 'test',
          args: ['${{ prev.call.outputs.status }}/${{ prev.call.outputs.body.id }}', '=', '200/7'],
          depends_on: ['call'],
        },
      ],
    });
    const id = uniqueId('http');
    const { code, stdout } = await callCli(['run', plan, '--id', id, '--input', `PORT=${port}`, '--json'], {
      cwd: dir,
    });
    expect([code, ends(stdout)]).toEqual([0, { call: 'success', check: 'success' }]);
    expect(seen).toEqual(Array(2).fill(`POST /things ${id} {"name":"x \\"y\\""}`));
  });

  test('max_step_duration_sec covers all attempts of a step', async () => {
    const dir = tempDir();
    const plan = writePlan(dir, {
      globals: { max_step_duration_sec: 1.5 },
      steps: [{ id: 'a', command: 'sleep 0.6; exit 1', shell: true, retries: 50 }],
    });
    const { stdout } = await callCli(['run', plan, '--json'], { cwd: dir });
    const [step] = (JSON.parse(stdout) as { steps: { attempts: number; message: string }[] }).steps;
    expect(step!.attempts).toBeLessThanOrEqual(3);
    expect(step!.message).toBe('it ran longer than its max_step_duration_sec of 1.5 and was stopped');
  });
});
