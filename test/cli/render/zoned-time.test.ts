import { expect, test } from 'vitest';
import { zonedTime } from '../../../src/cli/render/zoned-time.js';

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
