import type { Triggered } from '../../client/schedule-types.js';
import type { SchedulesClient } from '../../client/schedules.js';
import { dueTimes, type Overlap } from '../../plan/schedule/timing.js';
import { connect } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { readDuration } from '../options/durations.js';
import { counted, forPeople } from '../render/format.js';
import { isoTime } from '../render/run-json.js';
import { dayAfter, startOfDay } from '../render/zoned-time.js';
import { scheduleJson, scheduleTable, scheduleText } from '../render/schedule.js';

/** More runs at once are a mistake of the range. */
const MOST_BACKFILLED = 1_000;

interface JsonFlag {
  json?: boolean;
}

/** `orch schedule list`. */
export async function list(context: CliContext, flags: JsonFlag): Promise<number> {
  return onSchedules(context, async (schedules) => {
    const found = await schedules.list();
    if (flags.json) context.out(`${JSON.stringify(found.map(scheduleJson), null, 2)}\n`);
    else if (found.length === 0) context.note('no schedules\n');
    else context.out(`${scheduleTable(forPeople(found))}\n`);
  });
}

/** `orch schedule describe NAME`. */
export async function describe(context: CliContext, name: string, flags: JsonFlag): Promise<number> {
  return onSchedules(context, async (schedules) => {
    const found = await schedules.describe(name);
    context.out(flags.json ? `${JSON.stringify(scheduleJson(found), null, 2)}\n` : scheduleText(forPeople(found)));
  });
}

/** `orch schedule pause NAME`. */
export async function pause(context: CliContext, name: string, { note }: { note?: string }): Promise<number> {
  return onSchedules(context, async (schedules) => {
    await schedules.pause(name, note);
    context.note(`${name} is paused; \`orch schedule resume ${name}\` resumes it\n`);
  });
}

/** `orch schedule resume NAME`. */
export async function resume(context: CliContext, name: string, { note }: { note?: string }): Promise<number> {
  return onSchedules(context, async (schedules) => {
    await schedules.resume(name, note);
    context.note(`${name} continues\n`);
  });
}

/** `orch schedule trigger NAME`: prints the id of the run. */
export async function trigger(
  context: CliContext,
  name: string,
  flags: JsonFlag & { overlap?: Overlap },
): Promise<number> {
  return onSchedules(context, async (schedules) => {
    const triggered = await schedules.trigger(name, flags.overlap);
    if (flags.json) context.out(`${JSON.stringify(triggeredJson(triggered), null, 2)}\n`);
    else if (triggered.outcome === 'started') context.out(`${triggered.run_id}\n`);
    else context.note(`${notNowText(name, triggered)}\n`);
    return triggered.outcome === 'skipped' ? EXIT.failed : EXIT.succeeded;
  });
}

/** `orch schedule backfill NAME --from --to`. */
export async function backfill(
  context: CliContext,
  name: string,
  flags: JsonFlag & { from: string; to: string; overlap?: Overlap },
): Promise<number> {
  readRange(flags, 'UTC'); // what cannot be read needs no service
  return onSchedules(context, async (schedules) => {
    const { definition } = await schedules.describe(name);
    const range = readRange(flags, definition?.timing.timezone ?? 'UTC');
    const due = definition === undefined ? [] : dueTimes(definition.timing, range, MOST_BACKFILLED + 1);
    if (due.length > MOST_BACKFILLED) {
      throw new UsageError(`More than ${MOST_BACKFILLED} runs would be started`, 'give a shorter range');
    }
    if (due.length > 0) await schedules.backfill(name, range, flags.overlap);
    if (flags.json) context.out(`${JSON.stringify({ name, due: due.map((time) => isoTime(time)) }, null, 2)}\n`);
    else
      context.note(
        due.length === 0
          ? `${name} was not due in that time\n`
          : `${counted(due.length, 'run')} of ${name} will be started; \`orch schedule describe ${name}\` shows them\n`,
      );
  });
}

/** `orch schedule delete NAME`. */
export async function remove(context: CliContext, name: string): Promise<number> {
  return onSchedules(context, async (schedules) => {
    await schedules.delete(name);
    context.note(`${name} is deleted\n`);
  });
}

async function onSchedules(
  context: CliContext,
  act: (schedules: SchedulesClient) => Promise<number | void>,
): Promise<number> {
  const client = await connect(context, false);
  try {
    return (await act(client.schedules())) ?? EXIT.succeeded;
  } finally {
    await client.close();
  }
}

function triggeredJson(triggered: Triggered): Record<string, unknown> {
  if (triggered.outcome !== 'started') return { outcome: triggered.outcome, run_id: null, open: triggered.open };
  return { outcome: 'started', run_id: triggered.run_id, open: [] };
}

function notNowText(name: string, { outcome, open }: Exclude<Triggered, { outcome: 'started' }>): string {
  const runs = open.length === 0 ? 'its last run' : open.join(', ');
  if (outcome === 'skipped') {
    return `nothing was started: ${runs} is still open, and ${name} skips what overlaps; \`--overlap allow\` starts it anyway`;
  }
  return `not started yet: it waits for ${runs}`;
}

/** Days are those of the schedule's time zone, and both of them belong to the range. */
function readRange(flags: { from: string; to: string }, timeZone: string): { from: number; to: number } {
  const from = startOfDay(flags.from, timeZone) ?? readTime('--from', flags.from);
  const isDay = startOfDay(flags.to, timeZone) !== undefined;
  const to = isDay ? startOfDay(dayAfter(flags.to), timeZone)! - 1 : readTime('--to', flags.to);
  if (from >= to) throw new UsageError('--from must be before --to');
  return { from, to };
}

/** A time, or a length of time before now. */
function readTime(option: string, text: string): number {
  if (/^\d+(\.\d+)?[a-z]$/i.test(text)) return Date.now() - readDuration(option, text);
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new UsageError(`${option} ${text}: not a valid time`, 'use a time such as 2026-01-31T02:00:00Z, a date, or 7d');
}
