import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeEach, expect, test, vi } from 'vitest';
import { plan } from '../../src/cli/commands/plan.js';
import { rerun } from '../../src/cli/commands/rerun.js';
import { run, start } from '../../src/cli/commands/run.js';
import { validate } from '../../src/cli/commands/validate.js';
import type { CliContext } from '../../src/cli/context.js';
import { createStyles } from '../../src/cli/terminal.js';
import { OrchClient } from '../../src/client/orch-client.js';
import { loadPlanFile } from '../../src/client/plan-files.js';
import { prepareRun } from '../../src/client/prepare.js';
import type { PastRun } from '../../src/client/rerun-types.js';
import type { RunInput } from '../../src/contract/run-input.js';
import type { RunResult } from '../../src/contract/run-messages.js';
import { checkPlanSet } from '../../src/plan/files/check-set.js';
import { tempDir } from '../support/plans.js';

vi.mock('../../src/plan/files/check-set.js', { spy: true });

/** A Temporal that takes every start. */
const sent: RunInput[] = [];
const temporal = {
  workflow: {
    start: async (_type: string, { args }: { args: [RunInput] }) => {
      sent.push(args[0]);
      return { firstExecutionRunId: 'first' };
    },
  },
};
const client = Reflect.construct(OrchClient, [{ service: {} }, { close: async () => {} }, temporal]) as OrchClient;
const result: RunResult = {
  run_id: 'mine',
  plan_id: 'main',
  status: 'succeeded',
  warnings: 0,
  started_at: 0,
  finished_at: 0,
  steps: [],
};
vi.spyOn(client, 'follow').mockResolvedValue(result);
vi.mock('../../src/cli/connect.js', () => ({ connect: async () => client, settingsOf: () => ({}) }));

const colors = createStyles(false);
const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
const context: CliContext = {
  env: {},
  cwd: tempDir(),
  out: () => {},
  note: () => {},
  raw: streams,
  colors,
  outColors: colors,
  live: false,
};

const step = (id: string, more: object = { command: 'true' }): object => ({ id, ...more });
const globals = { cwd: '/work' };
const main = {
  plan_id: 'main',
  version: '1.0',
  globals,
  steps: [step('a'), step('b', { step_def: { type: 'plan', plan: 'sub.json' } })],
};
const sub = { plan_id: 'sub', version: '1.0', globals, steps: [step('c')] };
writeFileSync(path.join(context.cwd, 'main.json'), JSON.stringify(main));
writeFileSync(path.join(context.cwd, 'sub.json'), JSON.stringify(sub));

const checks = (): number => vi.mocked(checkPlanSet).mock.calls.length;
beforeEach(() => {
  vi.mocked(checkPlanSet).mockClear();
  sent.length = 0;
});

const flags = { input: [], env: [] };

test.each([
  ['validate', () => validate(context, ['main.json'], {})],
  ['plan', () => plan(context, 'main.json', flags)],
  ['start', () => start(context, 'main.json', flags)],
  ['run', () => run(context, 'main.json', flags)],
])('`orch %s` checks its plans once', async (name, command) => {
  expect(await command()).toBe(0);
  expect(checks()).toBe(1);
  const starts = name === 'start' || name === 'run';
  expect(sent).toMatchObject(starts ? [{ plan: main, plans: { 'sub.json': { plan: sub } }, inputs: {} }] : []);
});

test('`orch rerun` checks nothing again of the run that it has read, and another plan once', async () => {
  const loaded = await loadPlanFile('main.json', { cwd: context.cwd });
  if (!loaded.ok) throw new Error('the plan is wrong');
  const { plan: before, input } = prepareRun(loaded.value, { from: {} }, false);
  const steps = ['a', 'b'].map((id) => ({ id, status: id === 'a' ? 'success' : 'failed', attempts: 1 }) as const);
  const past: PastRun = { run_id: 'old', plan: before, checked: loaded.value.checked, input, steps };
  vi.spyOn(client, 'describe').mockResolvedValue({ finished_at: 1 } as Awaited<ReturnType<OrchClient['describe']>>);
  vi.spyOn(client, 'pastRun').mockResolvedValue(past);
  const taken = { rerun_of: 'old', reused: { a: { status: 'success', message: 'from old', attempts: 1 } } };
  vi.mocked(checkPlanSet).mockClear();
  expect(await rerun(context, 'old', flags)).toBe(0);
  expect(checks()).toBe(0);
  expect(await rerun(context, 'old', { ...flags, plan: 'main.json' })).toBe(0);
  expect(checks()).toBe(1);
  expect(sent).toEqual([
    { ...input, ...taken },
    { ...input, ...taken },
  ]);
});
