import type { ScheduleDetails, ScheduledRunView, ScheduleView } from '../../client/schedule-types.js';
import type { Timing } from '../../plan/schedule/timing.js';
import { counted, duration } from './format.js';
import { isoTime } from './run-json.js';
import { table } from './table.js';
import { zonedTime } from './zoned-time.js';

/** Times to come that are shown. */
const NEXT_SHOWN = 5;

/** When a schedule is due: `0 2 * * * (Europe/Berlin)`, `every 15m`. */
export function whenText({ cron, every_sec, timezone = 'UTC' }: Timing): string {
  return every_sec === undefined ? `at ${cron ?? ''} (${timezone})` : `every ${lengthText(every_sec)}`;
}

/** Times are told as the clocks of the schedule show them: its cron line speaks of those. */
export function zoneOf(timing: Timing | undefined): string {
  return timing?.cron === undefined ? 'UTC' : (timing.timezone ?? 'UTC');
}

/** The schedules, a line each. */
export function scheduleTable(schedules: readonly ScheduleView[]): string {
  const rows = schedules.map(({ name, state, note, definition, next, last }) => [
    name,
    note !== undefined && state === 'paused' ? `paused: ${note}` : state,
    definition === undefined ? '-' : whenText(definition.timing).replace(/^at /, ''),
    next[0] === undefined ? '-' : zonedTime(next[0], zoneOf(definition?.timing)),
    last === undefined ? '-' : lastText(last),
  ]);
  return table([['SCHEDULE', 'STATE', 'WHEN', 'NEXT', 'LAST RUN'], ...rows]);
}

/** A schedule in full. */
export function scheduleText(schedule: ScheduleDetails): string {
  const { name, state, note, definition, next, recent, waiting, skipped, missed } = schedule;
  const lines = [`${name} ${state}${note === undefined ? '' : ` (${note})`}`];
  if (definition === undefined) {
    lines.push('  it was not made by orch, or somebody else has changed it: nothing is started by it');
  } else {
    const { timing, overlap, catch_up_sec, plan_id, file, pinned, inputs, base_dir, created_by, created_at } =
      definition;
    const place = file === undefined ? '' : ` from ${file}`;
    lines.push(
      `  due        ${whenText(timing)}`,
      `  plan       ${plan_id}${place}, ${pinned === undefined ? 'read again for every run' : `as it was at ${isoTime(created_at)}`}`,
      ...(base_dir === undefined ? [] : [`  folder     ${base_dir}`]),
      ...Object.entries(inputs).map(
        ([input, value]) => `  input      ${input}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      ),
      `  overlap    ${overlap}${skipped > 0 ? `; ${skipped} skipped so far` : ''}`,
      `  catch-up   ${lengthText(catch_up_sec)}${missed > 0 ? `; ${missed} missed so far` : ''}`,
      `  made       ${isoTime(created_at)} by ${created_by}`,
    );
  }
  const times = next.slice(0, NEXT_SHOWN).map((time) => zonedTime(time, zoneOf(definition?.timing)));
  lines.push(`  next       ${times.length === 0 ? '-' : times.join('\n             ')}`);
  if (waiting > 0) lines.push(`  waiting    ${counted(waiting, 'run')}, until the one before has ended`);
  const rows = recent.map((run) => [`  ${run.run_id}`, run.status.replace('_', ' '), tookText(run), run.reason ?? '']);
  return `${lines.join('\n')}\n${rows.length === 0 ? '  no runs yet' : table([['  RUN', 'STATUS', 'TOOK', ''], ...rows])}\n`;
}

/** A schedule as `--json` prints it. */
export function scheduleJson(schedule: ScheduleView | ScheduleDetails): Record<string, unknown> {
  const { name, state, note, definition, next, last } = schedule;
  const about = definition && {
    cron: definition.timing.cron ?? null,
    every_sec: definition.timing.every_sec ?? null,
    timezone: definition.timing.cron === undefined ? null : (definition.timing.timezone ?? 'UTC'),
    overlap: definition.overlap,
    catch_up_sec: definition.catch_up_sec,
    plan_id: definition.plan_id,
    file: definition.file ?? null,
    pinned: definition.pinned !== undefined,
    base_dir: definition.base_dir ?? null,
    inputs: definition.inputs,
    env: Object.keys(definition.env).sort(),
    created_by: definition.created_by,
    created_at: isoTime(definition.created_at),
  };
  return {
    name,
    state,
    note: note ?? null,
    ...about,
    next: next.map((time) => isoTime(time)),
    last: last === undefined ? null : runJson(last),
    ...('recent' in schedule && {
      recent: schedule.recent.map(runJson),
      waiting: schedule.waiting,
      skipped: schedule.skipped,
      missed: schedule.missed,
    }),
  };
}

function runJson({ due, run_id, status, reason, started_at, finished_at }: ScheduledRunView): Record<string, unknown> {
  return {
    run_id,
    due: isoTime(due),
    status,
    reason: reason ?? null,
    started_at: isoTime(started_at),
    finished_at: isoTime(finished_at),
  };
}

function lastText({ run_id, status, reason }: ScheduledRunView): string {
  return `${status.replace('_', ' ')} (${run_id})${reason === undefined ? '' : `: ${reason}`}`;
}

function tookText({ started_at, finished_at }: ScheduledRunView): string {
  return started_at === undefined ? '' : duration((finished_at ?? Date.now()) - started_at);
}

/** Seconds as they are written in a plan: `90s`, `15m`, `1h`, `1d`. */
function lengthText(seconds: number): string {
  const units = [
    ['w', 604_800],
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const;
  const fits = units.find(([, each]) => seconds >= each && seconds % each === 0);
  return fits === undefined ? `${seconds}s` : `${seconds / fits[1]}${fits[0]}`;
}
