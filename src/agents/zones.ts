/** A wall clock: a day and a time of day, wherever it hangs. */
export interface Wall {
  year: number;
  /** From 0. */
  month: number;
  /** May lie outside of its month: the 32nd of January is the 1st of February. */
  day: number;
  hour: number;
  minute: number;
}

/** A time zone: a fixed distance to UTC in milliseconds, or a name: of the IANA database, or {@link LOCAL}. */
export type Zone = number | string;

/** The zone of this machine. */
export const LOCAL = 'local';

const HOUR_MS = 3_600_000;

/** What agents call zones that the IANA database knows by other names, or not: hours ahead of UTC, or such a name. */
const ABBREVIATIONS: Readonly<Record<string, number | string>> = {
  Z: 0,
  UTC: 0,
  GMT: 0,
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
  AKST: -9,
  AKDT: -8,
  HST: -10,
  ET: 'America/New_York',
  CT: 'America/Chicago',
  MT: 'America/Denver',
  PT: 'America/Los_Angeles',
  BST: 1,
  WEST: 1,
  CEST: 2,
  EEST: 3,
  MSK: 3,
  SGT: 8,
  JST: 9,
  KST: 9,
  AEST: 10,
  AEDT: 11,
  NZST: 12,
  NZDT: 13,
};

/** Reads the name of a zone, as it may stand behind a time: `Europe/Berlin`, `EST`, `UTC+2`, `+02:00`. */
export function readZone(name: string): Zone | undefined {
  const text = name.trim();
  const [, sign, hours, minutes = '0'] = /^(?:UTC|GMT)?\s*([+−-])(\d{1,2})(?::?(\d\d))?$/i.exec(text) ?? [];
  if (sign !== undefined) {
    const ahead = Number(hours) * HOUR_MS + Number(minutes) * 60_000;
    return Number(hours) > 14 || Number(minutes) > 59 ? undefined : ahead * (sign === '+' ? 1 : -1);
  }
  const known = Object.hasOwn(ABBREVIATIONS, text.toUpperCase()) ? ABBREVIATIONS[text.toUpperCase()] : undefined;
  if (known !== undefined) return typeof known === 'number' ? known * HOUR_MS : known;
  if (!/^[A-Za-z][A-Za-z0-9_+/-]+$/.test(text)) return undefined;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** The wall clock of a zone at a time, milliseconds since the epoch. */
export function wallAt(zone: Zone, at: number): Wall {
  if (zone === LOCAL) {
    const here = new Date(at);
    return {
      year: here.getFullYear(),
      month: here.getMonth(),
      day: here.getDate(),
      hour: here.getHours(),
      minute: here.getMinutes(),
    };
  }
  const there = new Date(at + aheadAt(zone, at));
  return {
    year: there.getUTCFullYear(),
    month: there.getUTCMonth(),
    day: there.getUTCDate(),
    hour: there.getUTCHours(),
    minute: there.getUTCMinutes(),
  };
}

/** When the wall clock of a zone shows a time. Of an hour that there is twice, the first; of one that is left out, the next. */
export function timeOf(zone: Zone, { year, month, day, hour, minute }: Wall): number {
  if (zone === LOCAL) return new Date(year, month, day, hour, minute).getTime();
  const utc = Date.UTC(year, month, day, hour, minute);
  // Where the clock is changed between the two, only one of them is the zone's own.
  const tries = [utc - 24 * HOUR_MS, utc + 24 * HOUR_MS].map((near) => utc - aheadAt(zone, near));
  const right = tries.filter((at) => at + aheadAt(zone, at) === utc);
  return right.length === 0 ? Math.max(...tries) : Math.min(...right);
}

/** Milliseconds that a zone is ahead of UTC at a time. */
function aheadAt(zone: number | string, at: number): number {
  if (typeof zone === 'number') return zone;
  const parts = formatOf(zone).formatToParts(at);
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
  const there = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return there - Math.floor(at / 1000) * 1000;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
}
