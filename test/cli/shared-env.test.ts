import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { payloadCodec } from '../../src/temporal/payload-codec.js';
import { callCli, sharedStateDir } from '../support/cli.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

interface Ended {
  status: string;
  steps: { id: string; status: string; reason: string | null; message: string | null }[];
}

async function historyOf(run: string): Promise<{ bytes: number; tasks: unknown[] }> {
  const file = path.join(sharedStateDir(), 'service', 'service.json');
  const { server } = JSON.parse(readFileSync(file, 'utf8')) as { server: { address: string } };
  const connection = await Connection.connect({ address: server.address });
  try {
    const client = new Client({ connection, dataConverter: { payloadCodecs: [payloadCodec] } });
    const handle = client.workflow.getHandle(run);
    const { raw } = await handle.describe();
    const { events } = await handle.fetchHistory();
    const tasks = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
      const data = scheduled?.activityType?.name === 'runStep' ? scheduled.input?.payloads?.[0]?.data : undefined;
      return data === undefined || data === null ? [] : [JSON.parse(Buffer.from(data).toString()) as unknown];
    });
    return { bytes: Number(raw.workflowExecutionInfo?.historySizeBytes), tasks };
  } finally {
    await connection.close();
  }
}

test('a foreach over a long input costs history for each instance what is its own, and no more', async () => {
  const dir = tempDir();
  const run = uniqueId('paths');
  const paths = Array.from(
    { length: 400 },
    (_, i) => `src/some/folder/with/a/name/file-${String(i).padStart(5, '0')}.ts`,
  );
  const plan = writePlan(dir, {
    inputs: { PATHS: { type: 'array', default: paths }, WHO: { type: 'string', default: 'me' } },
    globals: { max_concurrency: 200, env: { LAYER: 'of ${WHO}', PER_STEP: '${{ run.id }}' } },
    steps: [
      {
        id: 'env',
        command: 'echo "$WHO|$LAYER|$PER_STEP|$OWN|${PATHS%%,*}" > seen',
        shell: true,
        env: { OWN: '${{ string(size(inputs.PATHS)) }}' },
      },
      { id: 'check', command: 'test', args: ['-n', '${{ item }}'], foreach: '${{ inputs.PATHS }}' },
    ],
  });
  const { code } = await callCli(['run', plan, '--id', run], { cwd: dir });
  expect(code).toBe(0);
  expect(readFileSync(path.join(dir, 'seen'), 'utf8')).toBe(`me|of me|${run}|400|["${paths[0]}"\n`);
  const { bytes, tasks } = await historyOf(run);
  expect(tasks).toHaveLength(paths.length + 1);
  for (const task of tasks) expect(JSON.stringify(task)).not.toContain('"PATH"');
  expect((tasks[0] as { task: { env: unknown } }).task.env).toEqual({ PER_STEP: run, OWN: '400' });
  expect(bytes).toBeLessThan(paths.length * 2500);
}, 120_000);

test('an input that is too large for an environment is left out of it, and a script that names it fails', async () => {
  const dir = tempDir();
  const items = Array.from({ length: 3 }, (_, i) => `${i}-${'x'.repeat(60_000)}`);
  const plan = writePlan(dir, {
    inputs: { BIG: { type: 'array', default: items }, SMALL: { type: 'string', default: 'small' } },
    steps: [
      {
        id: 'each',
        command: 'sh',
        args: ['-c', 'echo "${0%%-*} $SMALL" >> seen', '${{ item }}'],
        foreach: 'inputs.BIG',
      },
      { id: 'stdin', command: 'wc -c > size', shell: true, stdin: '${{ inputs.BIG }}' },
      { id: 'named', command: 'echo "$BIG"', shell: true, critical: false },
    ],
  });
  const { stdout, stderr } = await callCli(['run', plan, '--json'], { cwd: dir });
  const { steps } = JSON.parse(stdout) as Ended;
  expect(steps.map(({ id, status, reason, message }) => [id, status, reason, message])).toEqual([
    ['each', 'success', null, null],
    ['stdin', 'success', null, null],
    [
      'named',
      'failed',
      'spawn_failed',
      "the input 'BIG' is too large for an environment variable, and the step names it; pass it on stdin (${{ inputs.BIG }}), or as a file",
    ],
  ]);
  expect(readFileSync(path.join(dir, 'seen'), 'utf8').trim().split('\n').toSorted()).toEqual([
    '0 small',
    '1 small',
    '2 small',
  ]);
  expect(Number(readFileSync(path.join(dir, 'size'), 'utf8'))).toBe(JSON.stringify(items).length);
  expect(stderr).toContain(
    "note: the input 'BIG' is too large for an environment variable; only expressions see it, steps do not",
  );
});
