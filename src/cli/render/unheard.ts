import type { FailedNotification } from '../../contract/notify.js';
import { forPeople } from './format.js';
import { plainMessage } from '../../basics/plain-message.js';

/** Who could not be told of what, a line each. */
export function unheardLines(failed: readonly FailedNotification[] = []): string[] {
  return forPeople(failed).map(({ event, to, message, step }) => {
    const of = step === undefined ? event : `${step} ${event}`;
    return `  not told  ${to} of '${of}': ${plainMessage(message)}`;
  });
}
