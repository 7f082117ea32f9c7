import { isCronProblem, parseCron, type Cron } from './cron.js';

/** When a schedule is due: a cron line, or a length of time. */
export interface Timing {
  cron?: string;
  /** Seconds; counted from 1970, so that it does not depend on when the schedule was made. */
  every_sec?: number;
  /** IANA name of the time zone of `cron`. Default UTC. */
  timezone?: string;
}

/** What happens when a schedule is due while its last run is still open. */
export const OVERLAPS = ['skip', 'buffer', 'buffer-all', 'allow', 'cancel-other'] as const;

/** One of {@link OVERLAPS}. */
export type Overlap = (typeof OVERLAPS)[number];

const MINUTE_SEC = 60;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The shortest time between two runs of a schedule, seconds. */
export const LEAST_EVERY_SEC = MINUTE_SEC;

/** Whether there is such a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    // An offset such as +01:00 is one to JavaScript, and none to others.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

/** What was probably meant by an unknown time zone, and examples. @param near finds the nearest of known names */
export function timeZoneHint(
  name: string,
  near: (name: string, known: Iterable<string>) => string | undefined,
): string {
  const found = near(name, ['UTC', ...Intl.supportedValuesOf('timeZone')]);
  return `${found === undefined ? '' : `${found} `}use a name such as Europe/Berlin, America/New_York or UTC`;
}

/** Whether a schedule is due at a time, milliseconds since the epoch. */
export function isDue(timing: Timing, at: number): boolean {
  return dueBy(timing)(at);
}

function dueBy({ cron: line = '', every_sec: every, timezone = 'UTC' }: Timing): (at: number) => boolean {
  if (every !== undefined) return (at) => at % (every * 1000) === 0;
  const cron = parseCron(line);
  return (at) => !isCronProblem(cron) && at % 1000 === 0 && matches(cron, wallClock(at, timezone));
}

/** The times in a range at which a schedule is due, both ends included; at most so many. */
export function dueTimes(timing: Timing, range: { from: number; to: number }, most: number): number[] {
  const step = (timing.every_sec ?? MINUTE_SEC) * 1000;
  const isDueAt = dueBy(timing);
  const times: number[] = [];
  for (const { from, to } of timing.cron === undefined ? [range] : possibleHours(timing, range)) {
    for (let at = Math.ceil(from / step) * step; at <= to && times.length < most; at += step) {
      if (isDueAt(at)) times.push(at);
    }
  }
  return times;
}

/** The hours of a range on whose days a cron line may be due: a year has too many minutes to look at each. */
function* possibleHours({ cron: line = '', timezone = 'UTC' }: Timing, { from, to }: { from: number; to: number }) {
  const cron = parseCron(line);
  if (isCronProblem(cron)) return;
  // A day, or an hour, of UTC is a part of two there at most.
  const ends = (at: number, length: number): WallClock[] => [
    wallClock(at, timezone),
    wallClock(at + length - 1, timezone),
  ];
  for (let day = Math.floor(from / DAY_MS) * DAY_MS; day <= to; day += DAY_MS) {
    if (!ends(day, DAY_MS).some((clock) => isOnDay(cron, clock))) continue;
    for (let hour = day; hour < day + DAY_MS; hour += HOUR_MS) {
      if (!ends(hour, HOUR_MS).some((clock) => cron.hour.includes(clock.hour))) continue;
      yield { from: Math.max(from, hour), to: Math.min(to, hour + HOUR_MS - 1) };
    }
  }
}

interface WallClock {
  second: number;
  minute: number;
  hour: number;
  day: number;
  month: number;
  weekday: number;
}

function matches(cron: Cron, clock: WallClock): boolean {
  return (
    clock.second === 0 && cron.minute.includes(clock.minute) && cron.hour.includes(clock.hour) && isOnDay(cron, clock)
  );
}

function isOnDay(cron: Cron, { day, month, weekday }: WallClock): boolean {
  const inMonth = cron.day_of_month.includes(day);
  const inWeek = cron.day_of_week.includes(weekday);
  return cron.month.includes(month) && (cron.either_day ? inMonth || inWeek : inMonth && inWeek);
}

/** What a clock on the wall shows there. */
function wallClock(at: number, timeZone: string): WallClock {
  const parts = new Map(
    clockOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? Number.NaN;
  const [year, month, day] = [of('year'), of('month'), of('day')];
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  return { second: of('second'), minute: of('minute'), hour: of('hour'), day, month, weekday };
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Making one takes a thousand times as long as asking it. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    const day = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;
    const time = { hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
    clock = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...day, ...time });
    clocks.set(timeZone, clock);
  }
  return clock;
}
