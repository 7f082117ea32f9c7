import { afterAll, beforeAll, expect, test } from 'vitest';
import { OwnService } from '../support/own-service.js';
import { writePlan } from '../support/plans.js';

const service = new OwnService();

const step = (command: string): object => ({ steps: [{ id: 'a', command }] });

/** Of two plans, from the oldest to the newest; the newest waits for a person. */
beforeAll(async () => {
  await service.up();
  const plans = {
    gate: writePlan(service.dir, { plan_id: 'gate', ...step('true') }, 'gate.json'),
    red: writePlan(service.dir, { plan_id: 'red', ...step('false') }, 'red.json'),
    ask: writePlan(
      service.dir,
      { plan_id: 'ask', steps: [{ id: 'a', step_def: { type: 'approval', message: 'Go on?' } }] },
      'ask.json',
    ),
  };
  for (const [plan, id] of [
    ['gate', 'gate-11'],
    ['gate', 'gate-12'],
    ['red', 'red-1'],
    ['ask', 'ask-1'],
  ] as const) {
    await service.orch('start', plans[plan], '--id', id, ...(plan === 'ask' ? [] : ['--wait']));
  }
});
afterAll(() => service.down());

/** The run that a status was shown of, and what was told on stderr. */
async function meant(reference: string): Promise<[string, string]> {
  const { stdout, stderr } = await service.orch('status', reference, '--json');
  return [(JSON.parse(stdout) as { run_id: string }).run_id, stderr];
}

test('a run is named by its id, the beginning of it, its plan, or as the last one', async () => {
  expect(await meant('gate-11')).toEqual(['gate-11', '']);
  expect(await meant('re')).toEqual(['red-1', 're: red-1\n']);
  expect(await meant('gate')).toEqual(['gate-12', 'gate: gate-12\n']);
  expect(await meant('@last')).toEqual(['ask-1', '@last: ask-1\n']);
  expect(await meant('@last:failed')).toEqual(['red-1', '@last:failed: red-1\n']);
  expect(await meant('@last:succeeded')).toEqual(['gate-12', '@last:succeeded: gate-12\n']);
});

test('what names no run, or several, is refused with what may be meant', async () => {
  expect(await service.orch('status', 'gate-1')).toMatchObject({
    code: 2,
    stderr: `error[ambiguous_run]: 'gate-1' may be 2 runs: gate-12 (succeeded), gate-11 (succeeded)
  hint: write more of the id, or @last for the latest run
`,
  });
  expect(await service.orch('logs', 'gaet')).toMatchObject({
    code: 2,
    stderr: `error[run_not_found]: There is no run 'gaet'
  hint: did you mean 'gate'? \`orch list\` shows the runs
`,
  });
  expect(await service.orch('export', "x' OR '1'='1")).toMatchObject({
    code: 2,
    stderr: `error[run_not_found]: There is no run 'x' OR '1'='1'
  hint: \`orch list\` shows the runs
`,
  });
  expect(await service.orch('watch', '@last:canceled')).toMatchObject({
    code: 2,
    stderr: `error[run_not_found]: There is no run that @last:canceled could mean
  hint: \`orch list\` shows the runs
`,
  });
  expect(await service.orch('cancel', '@first')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      "error[usage]: '@first' is not a valid reference: write @last, or @last: and one of running",
    ),
  });
});

test('`orch` alone says what waits for whom, what is open, and what to type', async () => {
  expect(await service.orch()).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(
      new RegExp(`^Waits for a person
  ask-1  a: Go on\\?
      orch approve ask-1 a   or: orch reject ask-1 a

Open
  ask-1  running  0 of 1 steps ended  [\\d.]+s

Failed in the last 24 hours
  red-1  [\\d.ms ]+ ago  orch status red-1

orch init FILE      write a plan to begin with
orch run PLAN       start a plan and follow it
orch status RUN     what a run does: its id, the beginning of it, its plan, or @last
orch --help         all commands
$`),
    ),
  });
  expect(await service.orch('list', '--waiting')).toMatchObject({
    code: 0,
    stdout: '  ask-1  a: Go on?\n      orch approve ask-1 a   or: orch reject ask-1 a\n',
  });
  expect(JSON.parse((await service.orch('list', '--waiting', '--json')).stdout)).toEqual([
    {
      run_id: 'ask-1',
      step: 'a',
      question: 'Go on?',
      answers: ['orch approve ask-1 a', 'orch reject ask-1 a'],
      since: expect.stringMatching(/Z$/) as unknown,
    },
  ]);
  const open = JSON.parse((await service.orch('list', '--open', '--json')).stdout) as { run_id: string }[];
  expect(open.map(({ run_id }) => run_id)).toEqual(['ask-1']);
});

test('an option that takes several steps leaves the plan to the command', async () => {
  const { code, stdout } = await service.orch('plan', '--only', 'a', 'gate.json');
  expect([code, stdout]).toEqual([0, expect.stringContaining('gate: ')]);
});

test('every command takes it; what a run refuses stays refused', async () => {
  const ran = await service.orch('logs', 'gate', 'nothing');
  expect(ran).toMatchObject({ code: 2, stderr: expect.stringMatching(/^gate: gate-12\nerror\[step_not_found\]/) });
  expect(await service.orch('approve', '@last', 'a')).toMatchObject({
    code: 0,
    stdout: 'a: approved\n',
    stderr: '@last: ask-1\n',
  });
  expect(await service.orch('watch', 'ask')).toMatchObject({ code: 0 });
  expect(await service.orch('pause', '@last')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^@last: ask-1\nerror\[run_closed\]/),
  });
  expect(await service.orch('rerun', '@last:failed', '--dry-run')).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^@last:failed: red-1\n/),
  });
});

test('with the service down the records of this machine tell it', async () => {
  await service.orch('down');
  for (const [reference, id] of [
    ['gate', 'gate-12'],
    ['red', 'red-1'],
    ['@last:failed', 'red-1'],
    ['@last', 'ask-1'],
  ] as const) {
    const { code, stdout } = await service.orch('export', reference, '--json');
    expect([reference, code, (JSON.parse(stdout) as { run_id: string }).run_id]).toEqual([reference, 0, id]);
  }
  expect(await service.orch('status', 'gate')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('error[service_unreachable]: The embedded service is not running'),
  });
});
