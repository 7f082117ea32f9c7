import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { callCli, sharedStateDir, type CliResult } from '../support/cli.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

let dir: string;
beforeEach(() => {
  dir = tempDir();
});
const orch = (...args: string[]): Promise<CliResult> => callCli(args, { cwd: dir });
/** The steps that really ran, in the order of their starts; reading empties it. */
function ran(): string[] {
  const file = path.join(dir, 'ran');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  writeFileSync(file, '');
  return lines.toSorted();
}
const step = (id: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  id,
  command: `echo ${id} >> ran`,
  shell: true,
  ...more,
});
const steps = [
  step('make', { command: 'echo make >> ran; echo "n=7" > "$ORCH_OUTPUT"' }),
  step('other'),
  step('bad', { command: 'echo bad >> ran; test -e mended', depends_on: ['make'], on_failure: 'skip_dependents' }),
  step('last', {
    command: 'sh',
    shell: false,
    args: ['-c', 'echo "last $0" >> ran', '${{ prev.make.outputs.n }}'],
    depends_on: ['bad'],
  }),
];

async function failedRun(): Promise<string> {
  const id = uniqueId('past');
  const { code } = await orch('run', writePlan(dir, { steps }), '--id', id);
  expect([code, ran()]).toEqual([1, ['bad', 'make', 'other']]);
  return id;
}

/** `publish` comes after a step that fails, and whose fallback makes up for it. */
const pair = [
  step('a', { command: 'echo a >> ran; false', fallback_step: 'b' }),
  step('b'),
  step('publish', { depends_on: ['a'] }),
  step('check', { command: 'echo check >> ran; test -e mended', depends_on: ['publish'] }),
];

interface Listed {
  steps: { instances: { item: string; status: string; message: string | null }[] }[];
}
const manifestOfRun = (run: string): Listed =>
  JSON.parse(readFileSync(path.join(sharedStateDir(), 'runs', run, 'manifest.json'), 'utf8')) as Listed;

/** A gate as people write one: thirteen steps, of which the eighth fails, and five come after it. */
function gate(flaw: string): Record<string, unknown> {
  const after = (id: string, ...depends_on: string[]): Record<string, unknown> => step(id, { depends_on });
  return {
    plan_id: 'gate',
    steps: [
      step('install'),
      after('lint', 'install'),
      after('types', 'install'),
      after('build', 'install'),
      after('unit-a', 'build'),
      after('unit-b', 'build'),
      after('unit-c', 'build'),
      step('integration', { depends_on: ['build'], command: `echo integration >> ran; ${flaw}` }),
      after('browser', 'integration'),
      after('package', 'unit-a', 'unit-b', 'unit-c', 'integration'),
      after('sign', 'package'),
      after('notes', 'package'),
      after('publish', 'sign', 'notes', 'lint', 'types'),
    ],
  };
}

describe('rerun', () => {
  test.each(['run', 'status'])(
    'a gate that failed is fixed in its plan, and goes on by the line that %s prints',
    async (by) => {
      const id = uniqueId('gate');
      const file = writePlan(dir, gate('exit 3'), 'gate.json');
      const first = await orch('run', path.basename(file), '--id', id);
      expect(first.code).toBe(1);
      const done = ran();
      writePlan(dir, gate('true'), 'gate.json');
      const { stdout } = by === 'run' ? first : await orch('status', id);
      const line = /^ {2}with a changed plan: +orch (.+)$/m.exec(stdout)?.[1];
      expect(line).toBe(`rerun ${id} --plan gate.json`);
      const again = await orch(...line!.split(' '));
      expect(again.code).toBe(0);
      const all = gate('true')['steps'] as { id: string }[];
      const reused = done.filter((each) => each !== 'integration');
      expect(ran()).toEqual(
        all
          .map((each) => each.id)
          .filter((each) => !reused.includes(each))
          .toSorted(),
      );
    },
  );

  test('a step that its fallback made up for is taken over with that fallback: what comes after it does not run twice', async () => {
    const id = uniqueId('pair');
    expect((await orch('run', writePlan(dir, { steps: pair }), '--id', id)).code).toBe(1);
    expect(ran()).toEqual(['a', 'b', 'check', 'publish']);
    writeFileSync(path.join(dir, 'mended'), '');
    const again = uniqueId('again');
    const { code, stderr } = await orch('rerun', id, '--id', again);
    expect([code, ran()]).toEqual([0, ['check']]);
    expect(stderr).toContain('reuse  a\nreuse  b\nreuse  publish\nagain  check  it failed (exit_non_zero)\n');
    expect((await orch('explain', again, 'a')).stdout).toBe(
      `a: failed\n  It failed, and that was taken over: from ${id}\n  Its fallback 'b' made up for it.\n`,
    );
    expect((await orch('rerun', again)).code).toBe(0);
    expect(ran()).toEqual([]);
  });

  test('takes over what went well, with its outputs, and says beforehand what and why', async () => {
    const id = await failedRun();
    const dry = await orch('rerun', id, '--dry-run', '--json');
    expect(JSON.parse(dry.stdout)).toEqual({
      reused: ['make', 'other'],
      again: [
        { step: 'bad', why: 'it failed (exit_non_zero)' },
        { step: 'last', why: 'it was skipped (dependency_failed)' },
      ],
      left_out: [],
    });
    expect(ran()).toEqual([]);
    writeFileSync(path.join(dir, 'mended'), '');
    const again = uniqueId('again');
    const { code, stderr } = await orch('rerun', id, '--id', again);
    expect([code, ran()]).toEqual([0, ['bad', 'last 7']]);
    expect(stderr).toContain(
      `reuse  make\nreuse  other\nagain  bad  it failed (exit_non_zero)\nagain  last  it was skipped (dependency_failed)\nrun ${again} (rerun of ${id})\n`,
    );
    expect((await orch('explain', again, 'make')).stdout).toBe(
      `make: success\n  Its result was taken over: from ${id}\n`,
    );
  });

  test('a step that was changed in another plan runs again, with what comes after it; an inserted one takes nobody’s place', async () => {
    const id = await failedRun();
    writeFileSync(path.join(dir, 'mended'), '');
    const changed = [
      step('first'),
      ...steps.map((each) => (each['id'] === 'other' ? { ...each, env: { A: '1' } } : each)),
    ];
    writePlan(dir, { steps: changed }, 'changed.json');
    const { stderr } = await orch('rerun', id, '--plan', 'changed.json');
    expect(stderr).toContain('reuse  make\n');
    expect(stderr).toContain('again  first  it is new\n');
    expect(stderr).toContain('again  other  its definition or its inputs have changed\n');
    expect(ran()).toEqual(['bad', 'first', 'last 7', 'other']);
  });

  test('--from runs a step and what comes after it; --only runs what it names', async () => {
    writeFileSync(path.join(dir, 'mended'), '');
    const id = uniqueId('past');
    expect((await orch('run', writePlan(dir, { steps }), '--id', id)).code).toBe(0);
    ran();
    expect((await orch('rerun', id, '--from', 'bad')).code).toBe(0);
    expect(ran()).toEqual(['bad', 'last 7']);
    expect((await orch('rerun', id, '--only', 'other')).code).toBe(0);
    expect(ran()).toEqual(['other']);
    expect((await orch('rerun', id, '--from', 'nowhere')).stderr).toContain('error[unknown_step]');
  });

  test('another input runs again what sees it', async () => {
    const id = uniqueId('past');
    const plan = {
      inputs: { N: { type: 'integer', default: 1 } },
      steps: [step('a'), step('b', { depends_on: ['a'] })],
    };
    await orch('run', writePlan(dir, plan), '--id', id);
    ran();
    expect((await orch('rerun', id, '--input', 'N=2')).code).toBe(0);
    expect(ran()).toEqual(['a', 'b']);
    expect((await orch('rerun', id)).code).toBe(0);
    expect(ran()).toEqual([]);
  });

  test('of a list only the items run again that failed, or are named; they are named in logs, too', async () => {
    const id = uniqueId('items');
    const command = 'sh';
    const each = step('each', {
      command,
      shell: false,
      args: [
        '-c',
        'echo "$0" | tee -a ran; echo "n=$0!" > "$ORCH_OUTPUT"; [ "$0" != orders ] || [ -e mended ]',
        '${{ item }}',
      ],
      foreach: ['users', 'orders', 'items'],
    });
    const all = step('all', {
      command,
      shell: false,
      args: ['-c', 'echo "$0" >> ran', '${{ prev.each.outputs.n }}'],
      depends_on: ['each'],
    });
    expect((await orch('run', writePlan(dir, { steps: [each, all] }), '--id', id)).code).toBe(1);
    expect(ran()).toEqual(['items', 'orders', 'users']);
    expect((await orch('logs', id, 'each[orders]')).stdout).toBe('orders\n');
    writeFileSync(path.join(dir, 'mended'), '');
    const dry = await orch('rerun', id, '--dry-run');
    expect(dry.stderr).toBe(
      'again  each  it failed (exit_non_zero); only orders, and 2 of its items are reused\nagain  all  it was canceled (aborted)\n',
    );
    const again = uniqueId('again');
    expect((await orch('rerun', id, '--id', again)).code).toBe(0);
    expect(ran()).toEqual(['["users!","orders!","items!"]', 'orders']);
    const { instances } = manifestOfRun(again).steps[0]!;
    expect(instances.map(({ item, status, message }) => [item, status, message])).toEqual([
      ['users', 'success', `from ${id}`],
      ['items', 'success', `from ${id}`],
      ['orders', 'success', null],
    ]);
    expect((await orch('rerun', again, '--only', 'each[items]')).code).toBe(0);
    expect(ran()).toEqual(['items']);
    const unknown = await orch('rerun', again, '--only', 'each[itens]');
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("did you mean 'each[items]'?")]);
  });

  test('an open run is not run again; `retry` on a closed one starts nothing, and names the command that does', async () => {
    const id = await failedRun();
    const hint = `\`orch rerun ${id}\` does in a new run what did not succeed; \`--dry-run\` only says what that is`;
    expect(await orch('retry', id, 'bad')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error[run_closed]: The run '${id}' has already ended\n  hint: ${hint}\n`,
    });
    const runs = JSON.parse((await orch('list', '--json')).stdout) as { rerun_of?: string }[];
    expect(runs.filter((run) => run.rerun_of === id)).toEqual([]);
    const open = uniqueId('open');
    writePlan(dir, { steps: [{ id: 'slow', command: 'sleep', args: ['60'] }] }, 'slow.json');
    await orch('start', 'slow.json', '--id', open);
    expect((await orch('rerun', open)).stderr).toContain(`error[usage]: The run '${open}' is still open\n`);
    await orch('cancel', open);
  });
});
