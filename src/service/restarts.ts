import type { Restart, ServiceRecord } from './record.js';

/** What is remembered of restarts: enough to see a pattern. */
const REMEMBERED = 20;

/** Restarts within this time belong together. Milliseconds. */
const RECENT_MS = 10 * 60_000;

/** Adds what was found dead or stuck to what the record remembers. */
export function withRestarts(record: ServiceRecord, found: readonly Omit<Restart, 'at'>[]): ServiceRecord {
  if (found.length === 0) return record;
  const at = new Date().toISOString();
  const restarts = [...(record.restarts ?? []), ...found.map((restart) => ({ at, ...restart }))];
  return { ...record, restarts: restarts.slice(-REMEMBERED) };
}

/** How often the worker or the server was started again lately, without anybody asking. */
export function recentRestarts(record: ServiceRecord | undefined, what: Restart['what']): readonly Restart[] {
  const since = Date.now() - RECENT_MS;
  return (record?.restarts ?? []).filter((restart) => restart.what === what && Date.parse(restart.at) >= since);
}

/** Says that something dies over and over; undefined where it does not. */
export function restartsText(record: ServiceRecord | undefined, what: Restart['what']): string | undefined {
  const recent = recentRestarts(record, what);
  if (recent.length < 2) return undefined;
  const stuck = recent.every(({ why }) => why === 'stuck') ? 'hung' : 'died';
  return `the embedded ${what} has ${stuck} ${recent.length} times in the last ${RECENT_MS / 60_000} minutes, and was started again each time`;
}
