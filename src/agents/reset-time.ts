import { LOCAL, readZone, timeOf, wallAt, type Wall, type Zone } from './zones.js';

const LONGEST_MS = 8 * 86_400_000;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/**
 * The time that a message names at which a limit ends; undefined where it names none that can be. What is said with a
 * word for it (`resets`, `try again at`, `Retry-After`) counts before a time that only stands somewhere, as at the
 * beginning of a line of a log.
 *
 * @param now milliseconds since the epoch
 */
export function resetTimeIn(text: string, now: number): number | undefined {
  for (const read of [epoch, field, duration, named]) {
    const at = read(text, now);
    if (at === 'unknown') return undefined;
    if (at !== undefined && at > now - 60_000 && at - now <= LONGEST_MS) return Math.max(at, now);
  }
  const stamp = isoTime(text);
  return stamp !== undefined && stamp > now + 60_000 && stamp - now <= LONGEST_MS ? stamp : undefined;
}

/** A time, none, or one that is said in a way that cannot be read. */
type Read = number | 'unknown' | undefined;

/** `resets at 1767225600`, `…|1767225600`. */
function epoch(text: string): Read {
  const [, digits] =
    /(?:\||\b(?:x-ratelimit-)?resets?(?:_?at|_?time)?\b[^0-9a-z]{0,12}(?:at\s+)?)(\d{10}|\d{13})\b/i.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (digits.length === 10 ? 1000 : 1);
}

/** `resets_in_seconds: 14400`, `Retry-After: 3600`, `"retryDelay":"34s"`, `retry_after_ms=1500`. */
function field(text: string, now: number): Read {
  const found =
    /\b(?:resets?[_-]?(?:in|after)|retry[_-]?(?:after|delay|in))(?<suffix>[_-]?(?:ms|milliseconds|s|secs?|seconds|m|minutes|h|hours))?["']?\s*[:=]\s*["']?(?<number>\d+(?:\.\d+)?)\s*(?<unit>ms|s|m|h)?(?![\w:.-]*\d)/i.exec(
      text,
    )?.groups;
  if (found === undefined) return undefined;
  const unit = (found['unit'] ?? found['suffix']?.replace(/^[_-]/, '') ?? 's').toLowerCase();
  const ms = /^(?:ms|milli)/.test(unit) ? 1 : UNITS[unit[0]!]! * 1000;
  return now + Math.ceil(Number(found['number']) * ms);
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** `in 2 hours 5 minutes`, `retry after 30s`, `in 1h2m3.5s`. */
function duration(text: string, now: number): Read {
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

/** What stands before a time that is meant. */
const WORD = String.raw`\b(?:resets?|reset(?:_?at|_?time)|again|until|till|after|available|at|on)\b["']?[\s:=,·"']*(?:(?:at|on)\s+)?`;
const MONTH = String.raw`(?:${MONTHS.join('|')})[a-z]*\.?`;
const DAY = String.raw`(?:(?<today>today|tomorrow)|(?:next\s+|this\s+)?(?<weekday>${DAYS.join('|')})[a-z]{0,6}\.?(?:,?\s+(?<dayA>\d{1,2})\s+(?<monthA>${MONTH})(?:\s+(?<yearA>\d{4}))?)?|(?<monthB>${MONTH})\s+(?<dayB>\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(?<yearB>\d{4}))?|(?<dayC>\d{1,2})(?:st|nd|rd|th)?\s+(?<monthC>${MONTH})(?:,?\s+(?<yearC>\d{4}))?)`;
const TIME = String.raw`(?<hour>\d{1,2})(?::(?<minute>\d\d)(?::\d\d)?)?(?!\d)\s*(?<half>[ap]\.?m\b\.?)?`;
const NAMED = new RegExp(String.raw`${WORD}(?:${DAY}[\s,·]*(?:at\s+)?)?${TIME}`, 'gi');
const ISO = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:\s?(?:Z|UTC|GMT)\b|\s?[+-]\d\d:?\d\d)?/;
const NAMED_ISO = new RegExp(String.raw`${WORD}(${ISO.source})`, 'i');

/** A point in time behind a word that says what it is: in ISO form, or as people write it. */
function named(text: string, now: number): Read {
  const [, iso] = NAMED_ISO.exec(text) ?? [];
  if (iso !== undefined) return isoTime(iso);
  for (const match of text.matchAll(NAMED)) {
    const at = clock(match.groups!, text.slice(match.index + match[0].length), now);
    if (at !== undefined) return at;
  }
  return undefined;
}

function isoTime(text: string): number | undefined {
  const [found] = ISO.exec(text) ?? [];
  if (found === undefined) return undefined;
  const at = Date.parse(
    found
      .replace(' ', 'T')
      .replace(/\s?(?:UTC|GMT)$/, 'Z')
      .replace(/\s(?=[+-])/, ''),
  );
  return Number.isNaN(at) ? undefined : at;
}

/** `3:42 PM`, `10pm (Europe/Berlin)`, `15:30 +02:00`, `tomorrow at 9am`, `Fri 9:00 AM EST`: the next such time. */
function clock(groups: Readonly<Record<string, string | undefined>>, behind: string, now: number): Read {
  const { minute: minuteText, half } = groups;
  if (minuteText === undefined && half === undefined) return undefined;
  let hour = Number(groups['hour']);
  const minute = Number(minuteText ?? 0);
  if (half !== undefined) hour = (hour % 12) + (/^p/i.test(half) ? 12 : 0);
  if (hour > 23 || minute > 59) return undefined;
  const zone = zoneBehind(behind);
  if (zone === undefined) return 'unknown';
  return nextAt(groups, { hour, minute }, zone, now);
}

/** A zone that stands behind a time; that of this machine where none does, undefined where it cannot be read. */
function zoneBehind(text: string): Zone | undefined {
  const [, inBrackets] = /^\s*\(([^()]{1,40})\)/.exec(text) ?? [];
  if (inBrackets !== undefined) return readZone(inBrackets);
  const [, offset] = /^\s*((?:UTC|GMT)?\s?[+−-]\d{1,2}(?::?\d\d)?)(?![\d:])/.exec(text) ?? [];
  if (offset !== undefined) return readZone(offset);
  const [, name] =
    /^\s*([A-Z][A-Za-z_]+(?:\/[A-Za-z0-9_+-]+)+|[A-Z]{1,5}\d?[A-Z]{0,3}|Japan)(?![A-Za-z])/.exec(text) ?? [];
  return name === undefined ? LOCAL : readZone(name);
}

function nextAt(
  groups: Readonly<Record<string, string | undefined>>,
  time: Pick<Wall, 'hour' | 'minute'>,
  zone: Zone,
  now: number,
): number | undefined {
  const today = { ...wallAt(zone, now), ...time };
  const inDays = (days: number): number => timeOf(zone, { ...today, day: today.day + days });
  const month = groups['monthA'] ?? groups['monthB'] ?? groups['monthC'];
  if (month !== undefined) {
    const day = Number(groups['dayA'] ?? groups['dayB'] ?? groups['dayC']);
    const year = groups['yearA'] ?? groups['yearB'] ?? groups['yearC'];
    const index = MONTHS.indexOf(month.slice(0, 3).toLowerCase());
    const inYear = (number: number): number => timeOf(zone, { ...time, year: number, month: index, day });
    const at = inYear(Number(year ?? today.year));
    // Around New Year the next January is meant.
    return year === undefined && at < now - LONGEST_MS ? inYear(today.year + 1) : at;
  }
  if (groups['today'] !== undefined) return inDays(/^tod/i.test(groups['today']) ? 0 : 1);
  if (groups['weekday'] !== undefined) {
    const wanted = DAYS.indexOf(groups['weekday'].toLowerCase());
    const is = new Date(Date.UTC(today.year, today.month, today.day)).getUTCDay();
    const days = (wanted - is + 7) % 7;
    return inDays(days === 0 && inDays(0) + 60_000 <= now ? 7 : days);
  }
  const first = inDays(0);
  if (first > now) return first;
  // Seconds are left out: within the minute that is named, its end is meant.
  return first + 60_000 > now ? first + 60_000 : inDays(1);
}
