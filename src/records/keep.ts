import { lengthOfTime } from '../host/length-of-time.js';
import type { Env } from './paths.js';

/** How long the service keeps the histories of closed runs, too. */
const USUAL = '30d';

/**
 * How long the records of ended runs are kept here: `ORCH_KEEP`, a length of time or `forever`. Milliseconds; infinite
 * for `forever`, and where it says something that can't be read: nothing goes by mistake.
 */
export function keepFor(env: Env): number {
  const text = env['ORCH_KEEP'] || USUAL;
  return text === 'forever' ? Infinity : (lengthOfTime(text) ?? Infinity);
}
