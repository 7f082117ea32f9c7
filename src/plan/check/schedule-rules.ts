import { quote, type Problems } from '../problems/problems.js';
import { isMap } from '../problems/paths.js';
import { didYouMean } from '../problems/suggest.js';
import { isCronProblem, parseCron } from '../schedule/cron.js';
import { isTimeZone, timeZoneHint } from '../schedule/timing.js';

type Path = readonly PropertyKey[];

const AT: Path = ['schedule'];

/** Checks when a plan says that it is due, as far as the schema has found nothing. */
export function checkScheduleBlock(source: Record<string, unknown>, problems: Problems): void {
  const schedule = source['schedule'];
  if (!isMap(schedule)) return;
  const { cron, every_sec: every, timezone, inputs } = schedule;
  const hasEvery = every !== undefined && every !== null;
  checkWhen(cron, hasEvery, problems);
  if (typeof timezone === 'string') checkTimeZone(timezone, hasEvery, problems);
  if (isMap(inputs)) checkNames(inputs, source['inputs'], problems);
}

function checkWhen(cron: unknown, hasEvery: boolean, problems: Problems): void {
  if (typeof cron === 'string') {
    const read = parseCron(cron);
    if (isCronProblem(read)) {
      problems.add({ code: 'invalid_cron', path: [...AT, 'cron'], message: read.message, hint: read.hint });
    }
    if (hasEvery) {
      problems.add({
        code: 'conflicting_keys',
        path: [...AT, 'every_sec'],
        message: "a schedule has either 'cron' or 'every_sec'",
        hint: 'leave one of them out',
      });
    }
  } else if (!hasEvery && (cron === undefined || cron === null)) {
    problems.add({
      code: 'missing_key',
      path: AT,
      message: "a schedule needs 'cron' or 'every_sec'",
      hint: 'for example cron: "0 2 * * *", or every_sec: 1h',
    });
  }
}

function checkTimeZone(timezone: string, hasEvery: boolean, problems: Problems): void {
  const path = [...AT, 'timezone'];
  if (!isTimeZone(timezone)) {
    const message = `there is no time zone ${quote(timezone)}`;
    problems.add({ code: 'unknown_timezone', path, message, hint: timeZoneHint(timezone, didYouMean) });
  } else if (hasEvery) {
    problems.add({
      code: 'conflicting_keys',
      path,
      message: "'timezone' is for 'cron': a length of time is the same in all time zones",
      hint: 'leave it out',
    });
  }
}

function checkNames(given: Record<string, unknown>, declared: unknown, problems: Problems): void {
  const known = isMap(declared) ? Object.keys(declared) : [];
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    problems.add({
      code: 'unknown_input',
      path: [...AT, 'inputs', name],
      message: `the plan has no input ${quote(name)}`,
      hint: didYouMean(name, known) ?? 'declare it under inputs, or leave it out',
    });
  }
}
