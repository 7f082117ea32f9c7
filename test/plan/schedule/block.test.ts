import { expect, test } from 'vitest';
import { plannedSchedule } from '../../../src/plan/check/planned-schedule.js';
import { loadPlanText } from '../../../src/plan/index.js';

function problems(schedule: string): string[] {
  const text = `plan_id: x\ninputs: { DAYS: { type: integer } }\nschedule:\n${schedule}\nsteps: [{ id: a, command: "true" }]\n`;
  const loaded = loadPlanText(text);
  return (loaded.ok ? loaded.value.diagnostics : loaded.error).map(
    ({ line, column, code, message }) => `${line}:${column} ${code}: ${message}`,
  );
}

test.each([
  ['  cron: "0 2 * * *"\n  timezone: Europe/Berlin\n  overlap: buffer\n  inputs: { DAYS: 7 }', []],
  ['  every_sec: 1h\n  catch_up_sec: 10m\n  pinned: true\n  name: often', []],
  ['  cron: "0 25 * * *"', ["4:9 invalid_cron: the hour is '25', not a number from 0 to 23"]],
  ['  cron: "@daily"\n  timezone: Berlin', ["5:13 unknown_timezone: there is no time zone 'Berlin'"]],
  ['  cron: "@daily"\n  every_sec: 1h', ["5:3 conflicting_keys: a schedule has either 'cron' or 'every_sec'"]],
  ['  overlap: skip', ["4:3 missing_key: a schedule needs 'cron' or 'every_sec'"]],
  [
    '  every_sec: 1h\n  timezone: UTC',
    ["5:3 conflicting_keys: 'timezone' is for 'cron': a length of time is the same in all time zones"],
  ],
  ['  cron: "@daily"\n  inputs: { DAY: 7 }', ["5:13 unknown_input: the plan has no input 'DAY'"]],
])('%j', (schedule, expected) => {
  expect(problems(schedule)).toEqual(expected);
});

test('what it leaves out has its defaults, and its name is that of the plan', () => {
  const steps = [{ id: 'a', command: 'true' }];
  expect(plannedSchedule({ plan_id: 'x', steps })).toBeUndefined();
  expect(plannedSchedule({ plan_id: 'x', steps, schedule: { every_sec: '90m', overlap: null } })).toEqual({
    name: 'x',
    timing: { every_sec: 5400 },
    pinned: false,
    inputs: {},
  });
});
