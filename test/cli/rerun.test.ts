import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { callCli, type CliResult } from '../support/cli.js';
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

describe('rerun', () => {
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

  test('an open run is not run again, and `retry` on a closed one is a rerun', async () => {
    const id = await failedRun();
    appendFileSync(path.join(dir, 'mended'), '');
    const { code, stdout } = await orch('retry', id, 'bad', '--json');
    expect(code).toBe(0);
    const started = (JSON.parse(stdout) as { run_id: string; rerun_of: string }).run_id;
    expect((await orch('watch', started)).code).toBe(0);
    expect(ran()).toEqual(['bad', 'last 7']);
    const open = uniqueId('open');
    writePlan(dir, { steps: [{ id: 'slow', command: 'sleep', args: ['60'] }] }, 'slow.json');
    await orch('start', 'slow.json', '--id', open);
    expect((await orch('rerun', open)).stderr).toContain(`error[usage]: The run '${open}' is still open\n`);
    await orch('cancel', open);
  });
});
