import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packRows, unpackRows } from '../../src/contract/columns.js';
import { restore, snapshot } from '../../src/engine/index.js';
import { propertyRuns } from '../support/property-runs.js';
import { drive } from './drive.js';
import { programOf } from './programs.js';

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
