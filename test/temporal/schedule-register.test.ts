import { beforeEach, expect, test } from 'vitest';
import {
  createScheduleRegister,
  type AskedStart,
  type ScheduleRegister,
} from '../../src/temporal/schedule-register.js';
import { tempDir } from '../support/plans.js';

const DAY = 86_400_000;
const since = 10 * DAY;
const entry = { id: 'def', since, paused: false, grants: [] };

let register: ScheduleRegister;

beforeEach(() => {
  register = createScheduleRegister(tempDir());
  register.write('nightly', entry);
});

/** What is said to a start that is due; by default a day after the schedule was made. */
function admit(asked: Partial<AskedStart> = {}, now = since + 2 * DAY): string | undefined {
  return register.admit(
    { name: 'nightly', definition: 'def', due: since + DAY, isDue: true, user: 'tick', ...asked },
    now,
  );
}

test('it knows the names of the schedules', () => {
  admit();
  register.write('x.begun', entry);
  expect(register.names()).toEqual(['nightly', 'x.begun']);
});

test('what is due is started once, however often its workflow asks, and by no other one', () => {
  expect([admit(), admit()]).toEqual([undefined, undefined]);
  expect(admit({ user: 'copy' })).toBe('a run was started for this time already');
});

test.each<[string, Partial<AskedStart>]>([
  ['the schedule was not due then, and nobody has triggered it by `orch schedule`', { isDue: false }],
  ['the schedule was made, changed or resumed after this time', { due: since - 1000 }],
  ['this time has not come yet', { due: since + 3 * DAY }],
  ['orch has not made this schedule here, or has changed or deleted it since', { definition: 'older' }],
  ['orch has not made this schedule here, or has changed or deleted it since', { name: 'other' }],
])('refused: %s', (why, asked) => {
  expect(admit(asked)).toBe(why);
});

test('a paused schedule starts nothing, and a deleted one neither', () => {
  register.write('nightly', { ...entry, paused: true });
  expect(admit()).toBe('the schedule is paused');
  register.remove('nightly');
  expect(admit()).toMatch(/deleted/);
});

test('a trigger is good for one start at about its time, also while the schedule is paused', () => {
  const at = since + DAY + 500;
  register.write('nightly', { ...entry, paused: true, grants: [{ id: 'g', at }] });
  const due = since + DAY;
  expect(admit({ isDue: false, due: due + 3_600_000 })).toMatch(/not due/);
  expect(admit({ isDue: false, due })).toBeUndefined();
  expect(admit({ isDue: false, due: due + 1000, user: 'second' })).toMatch(/not due/);
});

test('a backfill is good for the times of its range that were due, until it is over', () => {
  const range = { id: 'g', from: since - 5 * DAY, to: since - DAY, until: since + 3 * DAY };
  register.write('nightly', { ...entry, grants: [range] });
  expect(admit({ due: since - 2 * DAY })).toBeUndefined();
  expect(admit({ due: since - 2 * DAY, user: 'copy' })).toMatch(/already/);
  expect(admit({ due: since - 2 * DAY + 1000, isDue: false })).toMatch(/not due/);
  expect(admit({ due: since - 6 * DAY })).toMatch(/after this time/);
  expect(admit({ due: since - 3 * DAY }, since + 4 * DAY)).toMatch(/after this time/);
});

/** The nth time. */
const nthDue = (nth: number): number => since + nth * 60_000;

test('what is forgotten of many starts is not started again', () => {
  register = createScheduleRegister(tempDir(), 3);
  register.write('nightly', entry);
  for (const nth of [1, 2, 3, 4]) expect(admit({ due: nthDue(nth), user: `${nth}` })).toBeUndefined();
  expect(admit({ due: nthDue(1), user: 'copy' })).toBe('this time is too long ago');
  expect(admit({ due: nthDue(4), user: 'copy' })).toMatch(/already/);
});
