/** An agent that is out of quota. */
export interface QuotaNotice {
  /** When it is there again, milliseconds since the epoch; absent where it is not said. */
  resetAt?: number;
}

/** What APIs and tools say of a limit, each also as a part of an identifier: `rate_limit_error`. */
const OUT_OF_QUOTA = anyOf([
  'rate[ _-]?limits?',
  'usage limit',
  'limit reached',
  String.raw`hit your (?:[\w-]+ ){0,3}(?:limit|spend cap)`,
  'hit your spend cap',
  'quota (?:exceeded|exhausted|reached)',
  'exceeded your (?:current )?quota',
  String.raw`exhausted your (?:capacity|(?:[\w-]+ ){0,2}quota)`,
  'insufficient[ _]quota',
  'resource[ _]exhausted',
  'out of (?:credits|quota|extra usage)',
  'credit balance is too low',
  'too many requests',
  'overloaded',
  'at capacity',
  'experiencing high demand',
  String.raw`(?:status(?: code)?|error|http)[: ]*429`,
]);
const DENIED = anyOf([
  'not logged in',
  'please (?:log|sign) ?in',
  'sign in again',
  'run /login',
  'set an auth method',
  'invalid[ _](?:api[ _]key|x-api-key|authentication)',
  'incorrect api key',
  'authentication[ _](?:error|failed|required)',
  'unauthori[sz]ed',
  'oauth token (?:has )?expired',
  'no auth(?:entication)? (?:credentials|method)',
  'upgrade to plus',
  String.raw`(?:status(?: code)?|error|http)[: ]*40[13]`,
]);

function anyOf(phrases: readonly string[]): RegExp {
  return new RegExp(`(?<![a-z])(?:${phrases.join('|')})(?![a-z0-9])`, 'i');
}

/** Whether a message says that a limit of use was met, and until when. `now` is milliseconds since the epoch. */
export function quotaIn(text: string, now: number): QuotaNotice | undefined {
  if (!OUT_OF_QUOTA.test(text)) return undefined;
  const resetAt = resetTimeIn(text, now);
  return resetAt === undefined ? {} : { resetAt };
}

/** Whether a message says that the agent may not work at all: no login, a wrong key. */
export function isDenied(text: string): boolean {
  return DENIED.test(text);
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };
const LONGEST_MS = 8 * 86_400_000;

/** The time that a message names at which a limit ends; undefined where it names none that can be. */
export function resetTimeIn(text: string, now: number): number | undefined {
  for (const read of [epoch, isoTime, duration, clock]) {
    const at = read(text, now);
    if (at !== undefined && at > now - 60_000 && at - now <= LONGEST_MS) return Math.max(at, now);
  }
  return undefined;
}

/** `resets at 1767225600`, `…|1767225600`. */
function epoch(text: string): number | undefined {
  const [, digits] = /(?:\||\bresets?(?:_at)?\b[^0-9]{0,12})(\d{10}|\d{13})\b/i.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (digits.length === 10 ? 1000 : 1);
}

function isoTime(text: string): number | undefined {
  const [found] = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)/.exec(text) ?? [];
  return found === undefined ? undefined : Date.parse(found.replace(' ', 'T'));
}

/** `in 2 hours 5 minutes`, `retry after 30s`, `in 1h2m3.5s`. */
function duration(text: string, now: number): number | undefined {
  const [, list] =
    /\b(?:in|after|wait|for)[: ]+((?:\d+(?:\.\d+)?\s*(?:days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)\b[,\s]*(?:and\s+)?|\d+(?:\.\d+)?[dhms](?=\d))+)/i.exec(
      text,
    ) ?? [];
  if (list === undefined) return undefined;
  let seconds = 0;
  for (const [, number, unit] of list.matchAll(/(\d+(?:\.\d+)?)\s*([dhms])/gi)) {
    seconds += Number(number) * UNITS[unit!.toLowerCase()]!;
  }
  return seconds > 0 ? now + Math.ceil(seconds * 1000) : undefined;
}

/** `try again at 3:42 PM`, `resets 10pm (Europe/Berlin)`, `resets at 15:30 UTC`: the next such time of day. */
function clock(text: string, now: number): number | undefined {
  const match =
    /\b(?:at|resets?|until)\s+(?:at\s+)?(?:([A-Z][a-z]{2,8})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(?:(\d{4}),?\s+)?(?:at\s+)?)?(\d{1,2})(?::(\d\d))?\s*([ap]\.?m\.?)?\s*(UTC|GMT|Z)?(?:\s*\(([A-Za-z_]+\/[A-Za-z_/]+|UTC)\))?/i.exec(
      text,
    );
  if (match === null) return undefined;
  const [, month, day, year, hourText, minuteText, half, utc, zone] = match;
  if (minuteText === undefined && half === undefined) return undefined;
  let hour = Number(hourText);
  const minute = Number(minuteText ?? 0);
  if (half !== undefined) hour = (hour % 12) + (/^p/i.test(half) ? 12 : 0);
  if (hour > 23 || minute > 59) return undefined;
  const offset = utc === undefined ? offsetOf(zone, now) : 0;
  if (offset === undefined) return undefined;
  const local = new Date(now + offset);
  if (month !== undefined) {
    const index = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].indexOf(
      month.slice(0, 3).toLowerCase(),
    );
    if (index < 0) return undefined;
    const inYear = (number: number): number => Date.UTC(number, index, Number(day), hour, minute) - offset;
    const at = inYear(Number(year ?? local.getUTCFullYear()));
    // Around New Year the next January is meant.
    return year === undefined && at < now - LONGEST_MS ? inYear(local.getUTCFullYear() + 1) : at;
  }
  const today = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate(), hour, minute) - offset;
  if (today > now) return today;
  // Seconds are left out: within the minute that is named, its end is meant.
  return today + 60_000 > now ? today + 60_000 : today + 86_400_000;
}

/** Milliseconds that a time zone is ahead of UTC; without one, that of this machine. */
function offsetOf(zone: string | undefined, now: number): number | undefined {
  if (zone === undefined) return -new Date(now).getTimezoneOffset() * 60_000;
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    }).formatToParts(now);
    const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
    const there = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    return there - Math.floor(now / 1000) * 1000;
  } catch {
    return undefined;
  }
}
