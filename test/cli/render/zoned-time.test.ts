import { expect, test } from 'vitest';
import { dayAfter, startOfDay, zonedTime } from '../../../src/cli/render/zoned-time.js';

test.each([
  ['2026-02-01T01:00:00.000Z', 'Europe/Berlin', '2026-02-01T02:00:00+01:00'],
  ['2026-07-01T00:00:00.000Z', 'Europe/Berlin', '2026-07-01T02:00:00+02:00'],
  // The hour that the end of summer time repeats is told apart.
  ['2026-10-25T00:30:00.000Z', 'Europe/Berlin', '2026-10-25T02:30:00+02:00'],
  ['2026-10-25T01:30:00.000Z', 'Europe/Berlin', '2026-10-25T02:30:00+01:00'],
  ['2026-01-01T02:00:00.000Z', 'America/St_Johns', '2025-12-31T22:30:00-03:30'],
  ['2026-01-01T02:00:00.000Z', 'Asia/Kathmandu', '2026-01-01T07:45:00+05:45'],
  ['2026-01-01T02:00:00.000Z', 'UTC', '2026-01-01T02:00:00Z'],
])('%s in %s is %s', (time, zone, told) => {
  expect(zonedTime(Date.parse(time), zone)).toBe(told);
  expect(Date.parse(told)).toBe(Date.parse(time));
});

test.each([
  ['2026-02-01', 'UTC', '2026-02-01T00:00:00Z'],
  ['2026-02-01', 'Europe/Berlin', '2026-01-31T23:00:00Z'],
  ['2026-11-27', 'America/New_York', '2026-11-27T05:00:00Z'],
  // The clocks change on these days, after they have begun there and before they have in UTC, or the other way round.
  ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00Z'],
  ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00Z'],
  ['2026-10-26', 'Europe/Berlin', '2026-10-25T23:00:00Z'],
  ['2026-04-05', 'Pacific/Auckland', '2026-04-04T11:00:00Z'],
  ['2026-04-06', 'Pacific/Auckland', '2026-04-05T12:00:00Z'],
])('%s begins in %s at %s', (day, zone, time) => {
  expect(startOfDay(day, zone)).toBe(Date.parse(time));
});

test.each(['7d', '2026-02-01T00:00:00Z', '2026-13-01', 'x'])('%s is no day', (text) => {
  expect(startOfDay(text, 'UTC')).toBeUndefined();
});

test('the day after the last of a month is the first of the next', () => {
  expect(dayAfter('2026-02-28')).toBe('2026-03-01');
});
