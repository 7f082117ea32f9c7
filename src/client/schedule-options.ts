import type { CalendarSpec, ScheduleOptions, ScheduleOverlapPolicy, ScheduleSpec } from '@temporalio/client';
import { SCHEDULED_START, scheduleId, type ScheduleDefinition } from '../contract/schedule-messages.js';
import { isCronProblem, parseCron, type Cron } from '../plan/schedule/cron.js';
import type { Overlap, Timing } from '../plan/schedule/timing.js';

const MONTHS = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;
const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;

/** Temporal's words for what happens when the last run is still open. */
export const OVERLAP_POLICIES: Readonly<Record<Overlap, ScheduleOverlapPolicy>> = {
  skip: 'SKIP',
  buffer: 'BUFFER_ONE',
  'buffer-all': 'BUFFER_ALL',
  allow: 'ALLOW_ALL',
  'cancel-other': 'CANCEL_OTHER',
};

/** A schedule as Temporal is told of it. Its action has the id of the schedule, which the signature is for. */
export function temporalSchedule(
  definition: ScheduleDefinition,
  { taskQueue, paused, note }: { taskQueue: string; paused: boolean; note: string },
): ScheduleOptions {
  const { name, timing, overlap, catch_up_sec, plan_id } = definition;
  return {
    scheduleId: scheduleId(name),
    spec: specOf(timing),
    action: {
      type: 'startWorkflow',
      workflowType: SCHEDULED_START,
      workflowId: scheduleId(name),
      taskQueue,
      args: [definition],
      staticSummary: `Schedule ${name}: starts ${plan_id}, and waits for its end`.slice(0, 200),
    },
    policies: { overlap: OVERLAP_POLICIES[overlap], catchupWindow: catch_up_sec * 1000 },
    state: { paused, note },
  };
}

function specOf({ cron, every_sec, timezone = 'UTC' }: Timing): ScheduleSpec {
  if (every_sec !== undefined) return { intervals: [{ every: every_sec * 1000 }] };
  const read = parseCron(cron ?? '');
  if (isCronProblem(read)) throw new Error(`Internal error: a cron line that was checked: ${read.message}`);
  return { calendars: calendarsOf(read), timezone };
}

/** Temporal wants both days to fit, cron either of them where both are given: then there are two calendars. */
function calendarsOf(cron: Cron): CalendarSpec[] {
  const time = {
    minute: rangesOf(cron.minute),
    hour: rangesOf(cron.hour),
    month: cron.month.map((month) => MONTHS[month - 1]!),
  };
  const dayOfMonth = rangesOf(cron.day_of_month);
  const dayOfWeek = cron.day_of_week.map((day) => DAYS[day]!);
  if (cron.either_day)
    return [
      { ...time, dayOfMonth },
      { ...time, dayOfWeek },
    ];
  return [{ ...time, dayOfMonth, dayOfWeek }];
}

function rangesOf(numbers: readonly number[]): { start: number; end: number; step: number }[] {
  const ranges: { start: number; end: number; step: number }[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.end === number - 1) last.end = number;
    else ranges.push({ start: number, end: number, step: 1 });
  }
  return ranges;
}
