import { expect, test } from 'vitest';
import { checkSchedule } from '../../src/client/check-schedule.js';
import { scheduleChanges } from '../../src/client/schedule-changes.js';
import { temporalSchedule } from '../../src/client/schedule-options.js';
import type { ScheduleDefinition } from '../../src/contract/schedule-messages.js';

const definition: ScheduleDefinition = {
  schedule_version: 1,
  id: 'a',
  name: 'nightly',
  timing: { cron: '0 2 1 * mon', timezone: 'Europe/Berlin' },
  overlap: 'skip',
  catch_up_sec: 60,
  plan_id: 'p',
  pinned: { source: { plan_id: 'p' } },
  inputs: { DAYS: 1, WHO: 'you' },
  env: { PATH: '/bin' },
  created_by: 'ann@host',
  created_at: 1,
};

test('what a schedule does otherwise is told by name', () => {
  const { pinned: _, ...anew } = definition;
  expect(scheduleChanges(definition, { ...definition, id: 'b', created_at: 2, created_by: 'bob@host' })).toEqual([]);
  const changed = {
    ...definition,
    overlap: 'allow',
    inputs: { DAYS: 2, WHO: 'you' },
    env: {},
    base_dir: '/x',
  } as const;
  expect(scheduleChanges(definition, changed)).toEqual(['overlap', 'the input DAYS', 'the variable PATH', 'base_dir']);
  expect(scheduleChanges(definition, { ...definition, pinned: { source: {} } })).toEqual(['the plan']);
  expect(scheduleChanges(definition, { ...anew, file: '/p.yaml' })).toEqual(['pinned', 'file']);
});

const range = (start: number, end = start) => [{ start, end, step: 1 }];

test('Temporal, which wants both days to fit, gets a calendar for each of them', () => {
  const { spec, policies } = temporalSchedule(definition, { taskQueue: 'orch', paused: false, note: '' });
  const time = { minute: range(0), hour: range(2), month: expect.arrayContaining(['JANUARY', 'DECEMBER']) as string[] };
  expect(spec).toEqual({
    calendars: [
      { ...time, dayOfMonth: range(1) },
      { ...time, dayOfWeek: ['MONDAY'] },
    ],
    timezone: 'Europe/Berlin',
  });
  expect(policies).toEqual({ overlap: 'SKIP', catchupWindow: 60_000 });
});

test.each([
  [{ name: 'a b' }, 'invalid_schedule'],
  [{ timing: {} }, 'invalid_schedule'],
  [{ timing: { cron: '@daily', every_sec: 60 } }, 'invalid_schedule'],
  [{ timing: { every_sec: 59 } }, 'invalid_schedule'],
  [{ timing: { every_sec: 60, timezone: 'UTC' } }, 'invalid_schedule'],
  [{ catchUpSec: 1 }, 'invalid_schedule'],
  [{ timing: { cron: '0 2' } }, 'invalid_cron'],
  [{ timing: { cron: '@daily', timezone: 'Europe/Berln' } }, 'unknown_timezone'],
])('%j is refused as %s', (wrong, code) => {
  const right = { name: 'nightly', timing: { cron: '@daily' }, plan_id: 'p', inputs: {}, env: {} };
  expect(() => checkSchedule(right)).not.toThrow();
  expect(() => checkSchedule({ ...right, ...wrong })).toThrow(expect.objectContaining({ code }));
});
