/** No server decides that a step sleeps for longer. Seconds. */
const MAX_RETRY_AFTER_SEC = 86_400;

/**
 * Seconds that a `Retry-After` asks to wait, as a number or a date; undefined where there is none, or it says nothing.
 *
 * A date counts from the server's own `Date`, since the two clocks may differ.
 */
export function retryAfterSec(headers: Readonly<Record<string, string>>, nowMs = Date.now()): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Math.min(Number(value), MAX_RETRY_AFTER_SEC);
  const until = parseHttpDate(value);
  if (until === undefined) return undefined;
  const from = parseHttpDate(headers['date']?.trim() ?? '') ?? nowMs;
  return Math.min(Math.max(0, Math.ceil((until - from) / 1000)), MAX_RETRY_AFTER_SEC);
}

/** The three forms of an HTTP date. `Date.parse` alone takes far too much: "-5" is a date to it. */
function parseHttpDate(text: string): number | undefined {
  if (!/^[A-Za-z]{3,9},? .*\d{2}:\d{2}:\d{2}/.test(text)) return undefined;
  const ms = Date.parse(/GMT$/i.test(text) ? text : `${text} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}
