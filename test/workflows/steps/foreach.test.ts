import { expect, test } from 'vitest';
import { HandRun, success, taskOf } from '../../support/hand-run.js';
import { stepFailed, stopped } from '../../support/hand-temporal.js';

const each = (more: object = {}): object => ({ id: 'each', command: 'echo', args: ['${{ item }}'], ...more });
const running = (run: HandRun): string[] => run.temporal.open.map((call) => taskOf(call).step_id);

test('as many instances run at once as max_parallel says, and each one that ends makes room', async () => {
  const run = await HandRun.of([each({ foreach: ['x', 'y', 'z'], max_parallel: 2 })]);
  expect(running(run)).toEqual(['each[0]', 'each[1]']);
  expect(taskOf(run.temporal.the('runStep')).action).toMatchObject({ args: ['x'] });
  await run.temporal.open[1]!.ends(success());
  expect(running(run)).toEqual(['each[0]', 'each[2]']);
  await run.temporal.open[1]!.ends(success());
  await run.temporal.open[0]!.ends(success());
  expect(run.instances).toEqual([
    [0, 0],
    [0, 1],
    [0, 1, 'success'],
    [0, 2],
    [0, 2, 'success'],
    [0, 0, 'success'],
  ]);
  expect(run.report('each')).toEqual({ status: 'success', attempts: 1, log_dir: '/logs', outputs: {} });
});

test('instances and other steps share the slots of the run, in the order in which they ask', async () => {
  const steps = [each({ foreach: ['x', 'y', 'z'] }), { id: 'other', command: 'true' }];
  const run = await HandRun.of(steps, { globals: { max_concurrency: 2 } });
  expect(running(run)).toEqual(['each[0]', 'each[1]']);
  await run.temporal.open[0]!.ends(success());
  expect(running(run)).toEqual(['each[1]', 'other']);
});

test('one instance that fails stops no other one, and the step fails with its reason', async () => {
  const run = await HandRun.of([
    each({ foreach: ['x', 'y'] }),
    { id: 'reader', command: 'echo', args: ['${{ prev.each.outputs.word[1] }}'], depends_on: ['each'] },
  ]);
  await run.temporal.open[0]!.fails(stepFailed('it ended with code 3', { reason: 'exit_non_zero', exit_code: 3 }));
  expect(running(run)).toEqual(['each[1]']);
  await run.temporal.open[0]!.ends(success({ outputs: { word: 'two' } }));
  expect(run.report('each')).toMatchObject({
    status: 'failed',
    reason: 'exit_non_zero',
    exit_code: 3,
    message: '1 of 2 instances failed: each[0] (it ended with code 3)',
    outputs: { word: [null, 'two'] },
  });
});

/** `x` has failed and `y` has not; a step that goes on waits beside them, so that the run is open. */
async function oneFailed(unpatched: readonly string[] = []): Promise<HandRun> {
  const run = await HandRun.of([
    each({ foreach: ['x', 'y'], on_failure: 'skip_dependents' }),
    {
      id: 'reader',
      command: 'echo',
      args: ['${{ prev.each.outputs.word }}'],
      depends_on: ['each'],
    },
    { id: 'other', command: 'wait' },
  ]);
  for (const id of unpatched) run.temporal.unpatched.add(id);
  await run.temporal.open[0]!.fails(stepFailed('code 3', { reason: 'exit_non_zero', exit_code: 3 }));
  await run.temporal.open[0]!.ends(success({ outputs: { word: 'two' } }));
  await run.hears({ type: 'retry', step: 0, at: Date.now() });
  return run;
}

test('a list that is retried by hand runs only what did not go well, and has the results of the others', async () => {
  const run = await oneFailed();
  expect(running(run)).toEqual(['other', 'each[0]']);
  await run.temporal.open[1]!.ends(success({ outputs: { word: 'one' } }));
  expect(run.report('each')).toMatchObject({ status: 'success', outputs: { word: ['one', 'two'] } });
});

test('a list of a history from before is retried as a whole', async () => {
  const run = await oneFailed(['retry-failed-items']);
  expect(running(run)).toEqual(['other', 'each[0]', 'each[1]']);
});

const item = (label: string, word: string): object => ({
  item: label,
  report: { status: 'success', reason: 'reused', message: 'from before', attempts: 0, outputs: { word } },
});

test('instances that a rerun takes over do not run; where the list has another item, that runs', async () => {
  const reused = { each: { 0: item('x', 'one'), 1: item('old', 'two'), 7: item('w', 'three') } };
  const run = await HandRun.of(
    [
      each({ foreach: ['x', 'y', 'z'], max_parallel: 1 }),
      { id: 'reader', command: 'echo', args: ['${{ prev.each.outputs.word }}'], depends_on: ['each'] },
    ],
    { input: { reused_items: reused as never } },
  );
  expect(running(run)).toEqual(['each[1]']);
  await run.temporal.open[0]!.ends(success({ outputs: { word: 'new' } }));
  expect(running(run)).toEqual(['each[2]']);
  await run.temporal.open[0]!.ends(success({ outputs: { word: 'last' } }));
  expect(run.report('each')).toMatchObject({ status: 'success', outputs: { word: ['one', 'new', 'last'] } });
  expect(run.instances[0]).toEqual([0, 0, 'success']);
});

test('a cancel ends the instances that run, and those that wait for a slot never start', async () => {
  const run = await HandRun.of([each({ foreach: ['x', 'y', 'z'] })], { globals: { max_concurrency: 1 } });
  await run.hears({ type: 'cancel-step', step: 0, at: Date.now() });
  expect(running(run)).toEqual(['each[0]']);
  await run.temporal.open[0]!.fails(stopped({ log_dir: '/logs' }));
  expect(run.report('each')).toMatchObject({ status: 'canceled', attempts: 0 });
  expect(run.instances).toEqual([
    [0, 0],
    [0, 0, 'canceled'],
  ]);
});

test('a list that cannot be worked out fails the step', async () => {
  const run = await HandRun.of([each({ foreach: '[[1]][5]' })]);
  expect(run.report('each')).toMatchObject({ status: 'failed', reason: 'expression_error', attempts: 0 });
});

test('a list of more than 20,000 items is not run', async () => {
  const run = await HandRun.of([each({ foreach: Array.from({ length: 20_001 }, (_, i) => i) })]);
  expect(running(run)).toEqual([]);
  expect(run.report('each')).toMatchObject({
    status: 'failed',
    reason: 'expression_error',
    message: 'ExpressionError: foreach over 20001 items; at most 20000 are allowed',
  });
});
