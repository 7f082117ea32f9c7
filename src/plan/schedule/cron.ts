/** The times that a cron line names; each list is sorted, and has every number once. */
export interface Cron {
  minute: readonly number[];
  hour: readonly number[];
  day_of_month: readonly number[];
  month: readonly number[];
  /** 0 is Sunday. */
  day_of_week: readonly number[];
  /** Both days are restricted: either is enough, as cron has it. */
  either_day: boolean;
}

/** What is wrong with a cron line, and one that is right. */
interface CronProblem {
  message: string;
  hint: string;
}

interface Field {
  name: string;
  least: number;
  most: number;
  /** Names for its numbers, from `least` on. */
  names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const MINUTE: Field = { name: 'minute', least: 0, most: 59 };
const HOUR: Field = { name: 'hour', least: 0, most: 23 };
const DAY_OF_MONTH: Field = { name: 'day of the month', least: 1, most: 31 };
const MONTH: Field = { name: 'month', least: 1, most: 12, names: MONTHS };
/** Sunday is 0, and 7 as well. */
const DAY_OF_WEEK: Field = { name: 'day of the week', least: 0, most: 7, names: DAYS };

const EXAMPLE =
  'write five fields: minute, hour, day of the month, month, day of the week; "0 2 * * mon-fri" is 02:00 on weekdays';

const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

/** Days of the longest month, in a leap year. */
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads a cron line of five fields, or a name such as `@daily`. */
export function parseCron(text: string): Cron | CronProblem {
  const line = text.trim().toLowerCase();
  const meant = NICKNAMES[line] ?? line;
  if (meant.startsWith('@')) {
    return {
      message: `'${text}' is not known`,
      hint: `write one of ${Object.keys(NICKNAMES).join(', ')}, or five fields`,
    };
  }
  const words = meant === '' ? [] : meant.split(/\s+/);
  if (words.length !== 5) return { message: `a cron line has five fields, not ${words.length}`, hint: EXAMPLE };
  const fields = [MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK].map((field, at) => readField(field, words[at]!));
  const wrong = fields.find((field) => typeof field === 'string');
  if (wrong !== undefined) return { message: wrong, hint: EXAMPLE };
  const [minute, hour, day_of_month, month, weekdays] = fields as number[][];
  const day_of_week = sorted(weekdays!.map((day) => day % 7));
  const either_day = !words[2]!.startsWith('*') && !words[4]!.startsWith('*');
  const cron = { minute: minute!, hour: hour!, day_of_month: day_of_month!, month: month!, day_of_week, either_day };
  return hasDay(cron) ? cron : { message: 'no month has such a day, so it would never be due', hint: EXAMPLE };
}

/** Whether reading a cron line has found something wrong. */
export function isCronProblem(read: Cron | CronProblem): read is CronProblem {
  return 'message' in read;
}

/** Its numbers, or what is wrong with it. */
function readField(field: Field, word: string): number[] | string {
  const found: number[] = [];
  for (const part of word.split(',')) {
    const [range, step, ...more] = part.split('/');
    const ends = endsOf(field, range!);
    if (typeof ends === 'string') return ends;
    const by = step === undefined ? 1 : Number(step);
    if (more.length > 0 || (step !== undefined && !/^[1-9]\d*$/.test(step))) {
      return `the ${field.name} is '${word}': / needs a whole number above 0 after it`;
    }
    // `5/15` goes on to the end, as in most crons.
    const last = step !== undefined && ends.single ? field.most : ends.last;
    for (let at = ends.first; at <= last; at += by) found.push(at);
  }
  return sorted(found);
}

function endsOf(field: Field, range: string): { first: number; last: number; single: boolean } | string {
  const { least, most, name } = field;
  if (range === '*') return { first: least, last: field === DAY_OF_WEEK ? 6 : most, single: false };
  const words = range.split('-');
  const [first, last = first] = words.map((word) => numberOf(field, word));
  if (words.length > 2 || first === undefined || last === undefined) {
    const names = field.names === undefined ? '' : `, or ${field.names[0]} to ${field.names.at(-1)}`;
    return `the ${name} is '${range}', not a number from ${least} to ${most}${names}`;
  }
  if (first > last) return `the ${name} is '${range}', whose end is before its start`;
  return { first, last, single: words.length === 1 };
}

function numberOf({ least, most, names }: Field, word: string): number | undefined {
  const named = names?.indexOf(word) ?? -1;
  const number = named >= 0 ? named + least : /^\d{1,2}$/.test(word) ? Number(word) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}

function hasDay({ day_of_month, month, either_day }: Cron): boolean {
  return either_day || month.some((each) => day_of_month[0]! <= LONGEST[each - 1]!);
}

function sorted(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
