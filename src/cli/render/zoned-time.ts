const DAY_MS = 86_400_000;

/** A time as a time zone has it, with its offset: `2026-02-01T02:00:00+01:00`; in UTC `2026-02-01T01:00:00Z`. */
export function zonedTime(ms: number, timeZone: string): string {
  const offset = offsetMs(ms, timeZone);
  const local = new Date(ms + offset).toISOString().slice(0, 19);
  return `${local}${offsetText(offset)}`;
}

/** When a day, written as `2026-02-01`, begins in a time zone; undefined for what is no day. */
export function startOfDay(day: string, timeZone: string): number | undefined {
  const midnight = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(day) : Number.NaN;
  if (Number.isNaN(midnight)) return undefined;
  // The offset of UTC's midnight is that of another hour there, perhaps of before a change of clocks.
  const near = midnight - offsetMs(midnight, timeZone);
  return midnight - offsetMs(near, timeZone);
}

/** The day after one that is written as `2026-02-01`. */
export function dayAfter(day: string): string {
  return new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 'YYYY-MM-DD'.length);
}

/** How far the clocks of a zone are ahead of UTC at a time. */
function offsetMs(ms: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /([+-])(\d+):(\d+)(?::(\d+))?/.exec(name) ?? [];
  return (sign === '-' ? -1000 : 1000) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}

function offsetText(ms: number): string {
  if (ms === 0) return 'Z';
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  return `${ms < 0 ? '-' : '+'}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
