import { describe, expect, test } from 'vitest';
import { decideRerun } from '../../src/client/rerun.js';
import type { PastRun, RerunDecision, RerunMode } from '../../src/client/rerun-types.js';
import { prepareRun } from '../../src/client/prepare.js';
import type { StepView } from '../../src/contract/run-messages.js';
import { programOf } from '../engine/programs.js';
import { drive } from '../engine/drive.js';

type Sketch = Record<string, object>;
const planOf = (steps: Sketch): object => ({
  plan_id: 'pairs',
  version: '1.0',
  steps: Object.entries(steps).map(([id, more]) => ({ id, command: 'true', ...more })),
});

/** A step whose fallback made up for it, and what comes after them. */
const recovered: Sketch = {
  a: { command: 'false', fallback_step: 'b' },
  b: {},
  c: { depends_on: ['a'] },
  after_b: { depends_on: ['b'] },
};
const good = { status: 'success', attempts: 1 } as const;
const madeUpFor: Record<string, Partial<StepView>> = {
  a: { status: 'failed', reason: 'exit_non_zero', recovered: true },
  b: good,
};

function again(
  steps: Sketch,
  ends: Record<string, Partial<StepView>>,
  { mode = {}, next = steps, instances }: { mode?: RerunMode; next?: Sketch; instances?: PastRun['instances'] } = {},
): RerunDecision {
  const prepare = (sketch: Sketch): ReturnType<typeof prepareRun> =>
    prepareRun({ source: planOf(sketch) }, { from: {} }, true);
  const { plan, input } = prepare(steps);
  const views = plan.steps.map(({ id }): StepView => ({ id, ...good, ...ends[id] }));
  const past: PastRun = { run_id: 'before', plan, input, steps: views, ...(instances && { instances }) };
  return decideRerun(past, prepare(next), mode);
}

test('nothing of a run that went well runs again, with a step among it that its fallback made up for', () => {
  expect(again(recovered, madeUpFor)).toEqual({ reused: ['a', 'b', 'c', 'after_b'], again: [], left_out: [] });
});

test('a failed step behind such a pair runs again, and the pair does not', () => {
  const decision = again(recovered, { ...madeUpFor, c: { status: 'failed', reason: 'exit_non_zero' } });
  expect(decision).toEqual({
    reused: ['a', 'b', 'after_b'],
    again: [{ step: 'c', why: 'it failed (exit_non_zero)' }],
    left_out: [],
  });
});

test('a step whose fallback runs again is ready to run again too, and the other way round', () => {
  const changed = (id: string): Sketch => ({ ...recovered, [id]: { ...recovered[id], env: { NEW: '1' } } });
  const why = 'its definition or its inputs have changed';
  expect(again(recovered, madeUpFor, { next: changed('b') }).again).toEqual([
    { step: 'a', why: "its fallback 'b' is not taken over" },
    { step: 'b', why },
    { step: 'c', why: "it comes after 'a'" },
    { step: 'after_b', why: "it comes after 'b'" },
  ]);
  expect(again(recovered, madeUpFor, { next: changed('a') }).again).toEqual([
    { step: 'a', why },
    { step: 'b', why: "only if 'a' fails" },
    { step: 'c', why: "it comes after 'a'" },
    { step: 'after_b', why: "it comes after 'b'" },
  ]);
});

test('a fallback that was not needed makes nothing run again while its owner is taken over, and is there when it is not', () => {
  const ends = { b: { status: 'skipped', reason: 'not_needed' } } as const;
  expect(again(recovered, ends).again).toEqual([]);
  expect(again(recovered, { ...ends, a: { status: 'failed', reason: 'timeout' } }).again).toEqual([
    { step: 'a', why: 'it failed (timeout)' },
    { step: 'b', why: "only if 'a' fails" },
    { step: 'c', why: "it comes after 'a'" },
    { step: 'after_b', why: "it comes after 'b'" },
  ]);
});

test('--from takes a fallback along with its owner, and so does --only', () => {
  expect(again(recovered, madeUpFor, { mode: { only: ['a'] } })).toEqual({
    reused: [],
    again: [
      { step: 'a', why: 'it was asked for' },
      { step: 'b', why: 'it was asked for' },
    ],
    left_out: ['c', 'after_b'],
  });
  expect(again(recovered, madeUpFor, { mode: { from: ['a'] } }).reused).toEqual([]);
});

test('a fallback of a fallback is taken over with both', () => {
  const steps: Sketch = {
    a: { command: 'false', fallback_step: 'b' },
    b: { command: 'false', fallback_step: 'c' },
    c: {},
    publish: { depends_on: ['a'] },
  };
  const ends = { a: madeUpFor['a']!, b: madeUpFor['a']! };
  expect(again(steps, ends).again).toEqual([]);
  const changed = { ...steps, c: { env: { NEW: '1' } } };
  expect(again(steps, ends, { next: changed }).again.map(({ step }) => step)).toEqual(['a', 'b', 'c', 'publish']);
});

test('a run takes over such a pair as it ended, and starts what comes after it', () => {
  const program = programOf({ a: { fallback_step: 'b' }, b: {}, c: { depends_on: ['a'] }, d: { depends_on: ['b'] } });
  const reused = {
    a: { status: 'failed', attempts: 2, message: 'from before', recovered: true },
    b: { status: 'success', attempts: 1, message: 'from before' },
  } as const;
  const run = drive(program, { reused });
  expect(run.statuses()).toEqual({ a: 'failed:reused', b: 'success:reused', c: 'running', d: 'running' });
  expect(run.state.steps[0]).toMatchObject({ recovered: true, standing: 'ok', report: { attempts: 2 } });
  run.end('c');
  run.end('d');
  expect(run.finished).toBe('succeeded');
});

test('the fallback of a step that is taken over is not needed', () => {
  const program = programOf({ b: {}, a: { fallback_step: 'b' } });
  const run = drive(program, { reused: { a: { status: 'success', attempts: 1 } } });
  expect([run.statuses(), run.finished]).toEqual([{ a: 'success:reused', b: 'skipped:not_needed' }, 'succeeded']);
});

const statuses = (...all: string[]): PastRun['instances'] =>
  new Map([['each', all.map((status, index) => ({ index, item: 'xyz'[index]!, status }))]]);

const ofList = (decision: RerunDecision): RerunDecision['again'][number] | undefined =>
  decision.again.find(({ step }) => step === 'each');

describe('a list', () => {
  const list: Sketch = {
    first: {},
    each: { foreach: ['x', 'y', 'z'], depends_on: ['first'] },
    reader: { args: ['${{ prev.each.outputs.word }}'], depends_on: ['each'] },
  };
  const ends: Record<string, Partial<StepView>> = {
    each: { status: 'failed', reason: 'exit_non_zero', outputs: { word: ['one', null, 'three'] } },
    reader: { status: 'skipped', reason: 'dependency_failed' },
  };
  const instances = statuses('success', 'failed', 'warning');
  const why = 'it failed (exit_non_zero)';

  test('runs again what did not go well, and what is named, by item or by number', () => {
    expect(ofList(again(list, ends, { instances }))).toEqual({ step: 'each', why, items_reused: [0, 2], items: ['y'] });
    for (const named of ['each[z]', 'each[2]']) {
      const decision = again(list, ends, { instances, mode: { only: [named] } });
      expect(ofList(decision)).toEqual({ step: 'each', why: 'it was asked for', items_reused: [0], items: ['y', 'z'] });
      expect(decision.left_out).toEqual(['reader']);
    }
    const well = { ...ends, each: { status: 'success', outputs: ends['each']!.outputs! } } as const;
    const decision = again(list, well, {
      instances: statuses('success', 'success', 'success'),
      mode: { from: ['each[x]'] },
    });
    expect(ofList(decision)).toMatchObject({ items_reused: [1, 2], items: ['x'] });
    expect(decision.again.map(({ step }) => step)).toEqual(['each', 'reader']);
  });

  test.each<[string, Parameters<typeof again>[2], Record<string, Partial<StepView>>]>([
    ['its record is gone', {}, ends],
    ['it is named as a whole', { instances, mode: { from: ['each'] } }, ends],
    ['its definition has changed', { instances, next: { ...list, each: { ...list['each'], command: 'false' } } }, ends],
    ['a step before it runs again', { instances }, { ...ends, first: { status: 'failed' } }],
    ['what is read of its instances was not kept', { instances }, { ...ends, each: { ...ends['each'], outputs: {} } }],
    ['each instance went well, but not all together', { instances: statuses('success', 'success', 'success') }, ends],
    [
      'an older orch has not said which item it was',
      { instances: new Map([['each', [{ index: 0, status: 'success' }]]]) },
      ends,
    ],
  ])('runs as a whole where %s', (_, options, past) => {
    const decided = ofList(again(list, past, options));
    expect(Object.keys(decided!)).toEqual(['step', 'why']);
  });
});
