import { didYouMean } from '../plan/problems/suggest.js';
import { isCronProblem, parseCron } from '../plan/schedule/cron.js';
import { LEAST_EVERY_SEC, isTimeZone, timeZoneHint } from '../plan/schedule/timing.js';
import { OrchError } from './errors.js';
import type { ScheduleToMake } from './schedule-types.js';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
/** The service takes no shorter one. Seconds. */
const LEAST_CATCH_UP_SEC = 10;

/** @throws OrchError `invalid_schedule`, `invalid_cron`, `unknown_timezone` */
export function checkSchedule({ name, timing, catchUpSec }: ScheduleToMake): void {
  if (!NAME.test(name)) {
    throw new OrchError('invalid_schedule', `${JSON.stringify(name)} cannot be the name of a schedule`, {
      hint: 'a name starts with a letter, digit or _, and continues with letters, digits, _ . - (100 at most)',
    });
  }
  const { cron, every_sec, timezone } = timing;
  if ((cron === undefined) === (every_sec === undefined)) {
    throw new OrchError('invalid_schedule', 'A schedule has either a cron line or a length of time', {
      hint: 'for example --cron "0 2 * * *", or --every 1h',
    });
  }
  if (cron !== undefined) {
    const read = parseCron(cron);
    if (isCronProblem(read))
      throw new OrchError('invalid_cron', `The cron line '${cron}': ${read.message}`, { hint: read.hint });
  }
  if (every_sec !== undefined && (!Number.isInteger(every_sec) || every_sec < LEAST_EVERY_SEC)) {
    throw new OrchError('invalid_schedule', 'A schedule is due once a minute at most, and in whole seconds');
  }
  if (catchUpSec !== undefined && catchUpSec < LEAST_CATCH_UP_SEC) {
    throw new OrchError('invalid_schedule', `Times are caught up for ${LEAST_CATCH_UP_SEC} seconds at least`);
  }
  if (timezone !== undefined) checkTimeZone(timezone, every_sec !== undefined);
}

function checkTimeZone(timezone: string, isLength: boolean): void {
  if (!isTimeZone(timezone)) {
    throw new OrchError('unknown_timezone', `There is no time zone '${timezone}'`, {
      hint: timeZoneHint(timezone, didYouMean),
    });
  }
  if (isLength) {
    throw new OrchError('invalid_schedule', 'A length of time is the same in all time zones', {
      hint: 'leave the time zone out, or give a cron line',
    });
  }
}
