import { expect, test } from 'vitest';
import { dueTimes, isDue, isTimeZone } from '../../../src/plan/schedule/timing.js';

const at = (text: string) => Date.parse(text);
const due = (timing: Parameters<typeof dueTimes>[0], from: string, to: string) =>
  dueTimes(timing, { from: at(from), to: at(to) }, 1_000).map((time) => new Date(time).toISOString().slice(0, 16));

test('a cron line is due by the clock of its time zone', () => {
  const timing = { cron: '0 2 * * *', timezone: 'Europe/Berlin' };
  expect(due(timing, '2026-07-01T00:00Z', '2026-07-02T01:00Z')).toEqual(['2026-07-01T00:00', '2026-07-02T00:00']);
  expect(due(timing, '2026-12-01T00:00Z', '2026-12-01T03:00Z')).toEqual(['2026-12-01T01:00']);
  expect(isDue({ cron: '0 2 * * *' }, at('2026-07-01T02:00Z'))).toBe(true);
  expect(isDue({ cron: '0 2 * * *' }, at('2026-07-01T02:00:01Z'))).toBe(false);
  expect(isDue({ cron: '0 2 * * *' }, at('2026-07-01T02:00:00.500Z'))).toBe(false);
});

test('a time that a change of clocks leaves out is not due, and one that it repeats is due twice', () => {
  const timing = { cron: '30 2 * * *', timezone: 'Europe/Berlin' };
  expect(due(timing, '2026-03-28T23:00Z', '2026-03-30T01:00Z')).toEqual(['2026-03-30T00:30']);
  expect(due(timing, '2026-10-24T22:00Z', '2026-10-25T03:00Z')).toEqual(['2026-10-25T00:30', '2026-10-25T01:30']);
});

test('of two restricted days either one is enough, as in cron', () => {
  expect(due({ cron: '0 0 13 * fri' }, '2026-11-12T12:00Z', '2026-11-13T12:00Z')).toEqual(['2026-11-13T00:00']);
  expect(due({ cron: '0 0 14 * fri' }, '2026-11-13T00:00Z', '2026-11-14T12:00Z')).toEqual([
    '2026-11-13T00:00',
    '2026-11-14T00:00',
  ]);
});

test('a length of time is counted from 1970', () => {
  expect(due({ every_sec: 3600 }, '2026-11-10T00:30Z', '2026-11-10T02:00Z')).toEqual([
    '2026-11-10T01:00',
    '2026-11-10T02:00',
  ]);
  expect(dueTimes({ every_sec: 60 }, { from: 0, to: at('2026-01-01') }, 3)).toEqual([0, 60_000, 120_000]);
});

test('a time zone is a name of the IANA database', () => {
  expect(['UTC', 'Europe/Berlin', 'America/New_York'].every(isTimeZone)).toBe(true);
  expect(['', '+01:00', 'Europe/Berln', 'local'].some(isTimeZone)).toBe(false);
});
