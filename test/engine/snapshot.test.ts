import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packRows } from '../../src/contract/pack-columns.js';
import { unpackRows } from '../../src/contract/read-columns.js';
import { countStatuses } from '../../src/contract/statuses.js';
import { defined } from '../../src/basics/defined.js';
import { peekSteps, restore, snapshot, type StepState } from '../../src/engine/index.js';
import { propertyRuns } from '../support/property-runs.js';
import { drive } from './drive.js';
import { programOf } from './programs.js';

/** As it comes out of the history. */
function travelled<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function begun(changed: number): Omit<StepState, 'status'> {
  return { awaited: 0, failedDependencies: 0, skippedDependencies: 0, changed };
}

function report(fails: boolean, folder: string): NonNullable<StepState['report']> {
  return { status: fails ? 'failed' : 'success', attempts: 1, log_dir: folder };
}

/** Without what the step has said. */
function lean(step: StepState): StepState {
  if (step.report === undefined) return step;
  return { ...step, report: report(step.report.status === 'failed', step.report.log_dir!) };
}

test('rows come out as they went in, whatever their fields hold', () => {
  const value = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.string(),
    fc.constantFrom('/a/s0/1', '/a/s1/1', '\u0000', '/\u0000/'),
    fc.jsonValue(),
  );
  const row = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'report'), value).map(({ report, ...rest }) => ({
    ...rest,
    ...(report === undefined ? {} : { report: { status: 'success', some: report } }),
  }));
  fc.assert(
    fc.property(fc.array(row), (given) => {
      const rows = JSON.parse(JSON.stringify(given)) as object[];
      const names = rows.map((_, i) => `s${i}`);
      const packed = JSON.parse(JSON.stringify(packRows(rows, names, ['report']))) as ReturnType<typeof packRows>;
      expect(unpackRows(packed, names, { nested: ['report'] })).toEqual(rows);
    }),
    { numRuns: propertyRuns(500) },
  );
});

test('steps that nobody has looked at are packed again as they were, the others as they are', () => {
  const step = fc.record({
    ended: fc.boolean(),
    says: fc.option(fc.constantFrom('/a/s1/1', 'went well', ''), { nil: undefined }),
    fails: fc.boolean(),
    changed: fc.nat(20),
    met: fc.constantFrom('no', 'looked at', 'changed'),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1 }), fc.nat(20), (given, oldest) => {
      const { state } = drive(programOf({ s0: {} }));
      const ids = given.map((_, i) => `s${i}`);
      state.steps = given.map(({ ended, says, fails, changed }, i) => ({
        ...begun(changed),
        status: !ended ? 'pending' : fails ? 'failed' : 'success',
        ...(ended && { report: { ...report(fails, `/runs/s${i}/1`), ...defined({ stdout_tail: says }) } }),
      }));
      const again = restore(travelled(snapshot(state, ids)), ids);
      given.forEach(({ met }, i) => {
        if (met === 'looked at') expect(again.steps[i]).toEqual(state.steps[i]);
        if (met === 'changed') again.steps[i] = Object.assign(again.steps[i]!, { warning: `of ${i}`, changed: 21 });
      });
      const next = restore(travelled(snapshot(again, ids, { oldest, lean })), ids);
      expect(next.steps).toEqual(
        state.steps.map((each, i) => ({
          ...lean(each),
          ...(given[i]!.met === 'changed'
            ? { warning: `of ${i}`, changed: 21 }
            : { changed: Math.max(oldest, each.changed) }),
        })),
      );
      expect(next.counts).toEqual(countStatuses(state.steps));
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('what is read of a step is as it is now, and does not keep one that nobody has looked at', () => {
  const { state } = drive(programOf({ s0: {} }));
  const ids = ['s0', 's1', 's2'];
  state.steps = ids.map((id, i) => ({ ...begun(i), status: 'success', report: report(false, `/runs/${id}/1`) }));
  const again = restore(travelled(snapshot(state, ids)), ids);
  const stepAt = peekSteps(again.steps);
  expect(ids.map((_, i) => stepAt(i))).toEqual(state.steps);
  expect(stepAt(1)).not.toBe(stepAt(1));

  again.steps[1]!.warning = 'of now';
  expect(stepAt(1)).toBe(again.steps[1]);
  expect(peekSteps(state.steps)(2)).toBe(state.steps[2]);
});

test('rows share nothing that one of them could change for the others', () => {
  const rows = ['a', 'b', 'c'].map((name) => ({ list: [1], name, report: { outputs: { x: [name === 'b' ? 2 : 1] } } }));
  const names = rows.map(({ name }) => name);
  const found = unpackRows(packRows(rows, names, ['report']), names, { nested: ['report'] }) as typeof rows;
  found[0]!.list.push(2);
  found[0]!.report.outputs.x.push(3);
  found[0]!.report = { outputs: { x: [] } };
  expect(found.slice(1)).toEqual(rows.slice(1));
});

test('a hundred thousand steps that ended well are no more than their times', () => {
  const { state } = drive(programOf({ s0: {} }));
  const ids = Array.from({ length: 100_000 }, (_, i) => `s${i}`);
  let at = 1_700_000_000_000;
  state.steps = ids.map((id, i) => ({
    status: 'success',
    standing: 'ok',
    awaited: 0,
    failedDependencies: 0,
    skippedDependencies: 0,
    changed: 2 * i + 2,
    startedAt: (at += 3),
    finishedAt: (at += 12 + (i % 5)),
    report: { status: 'success', attempts: 1, exit_code: 0, log_dir: `/state/runs/r/steps/${id}/1` },
  }));
  const packed = snapshot(state, ids);
  expect(JSON.stringify(packed).length).toBeLessThan(600_000);
  expect(restore(packed, ids).steps).toEqual(state.steps);
});
