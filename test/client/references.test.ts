import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readReference, runsNamed } from '../../src/client/references.js';

const run = (run_id: string, plan_id: string, started_at: number) => ({ run_id, plan_id, started_at });
const RUNS = [
  run('gate-1a2b', 'gate', 10),
  run('gate-1c3d', 'gate', 30),
  run('gatekeeper-77', 'gatekeeper', 40),
  run('nightly', 'gate', 20),
  run('deploy-9', 'nightly', 50),
];

test.each([
  ['gate-1c3d', ['gate-1c3d']], // an id
  ['gate', ['gate-1c3d']], // a plan: its latest run, though ids of others begin so
  ['nightly', ['nightly']], // an id before a plan of that name
  ['gate-1a', ['gate-1a2b']], // the beginning of one id
  ['gate-1', ['gate-1c3d', 'gate-1a2b']], // of several
  ['keeper', []],
  ['Gate', []],
])('%s means %j', (name, ids) => {
  expect(runsNamed(name, RUNS).map(({ run_id }) => run_id)).toEqual(ids);
});

test.each([
  ['gate', { kind: 'name', name: 'gate' }],
  ['@last', { kind: 'last' }],
  ['@last:failed', { kind: 'last', status: 'failed' }],
])('%s is read', (text, reference) => {
  expect(readReference(text)).toEqual(reference);
});

test.each(['@', '@las', '@last:', '@last:odd', '@last:failed:x', '@LAST', '@last '])('%j is no reference', (text) => {
  expect(readReference(text)).toBe(
    `'${text}' is not a valid reference: write @last, or @last: and one of running, paused, quarantined, succeeded, failed, canceled, terminated, timed_out`,
  );
});

test('what a name means does not depend on the order of the runs', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(RUNS, { minLength: RUNS.length }),
      fc.constantFrom('gate', 'gate-', 'n'),
      (runs, name) => {
        expect(runsNamed(name, runs)).toEqual(runsNamed(name, RUNS));
      },
    ),
  );
});
