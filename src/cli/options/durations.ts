import { lengthOfTime } from '../../host/length-of-time.js';
import { UsageError } from '../errors.js';

/** Reads `30d`, `12h`, `90m`, `1.5d` as milliseconds. @throws UsageError, with the option's name, for anything else. */
export function readDuration(option: string, text: string): number {
  const length = lengthOfTime(text);
  if (length !== undefined) return length;
  throw new UsageError(
    `${option} ${text}: not a valid duration`,
    'use a number followed by s, m, h, d or w, for example 30d',
  );
}
