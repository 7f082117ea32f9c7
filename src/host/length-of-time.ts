const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
/** Seconds; what is more is a slip of the keyboard. A hundred years. */
const MAX_SEC = 100 * 365 * 86_400;

/** Reads `30d`, `12h`, `90m`, `1.5d` as milliseconds; undefined for anything else. */
export function lengthOfTime(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? [];
  const seconds = Number(number) * (UNITS[unit ?? ''] ?? Number.NaN);
  return seconds > 0 && seconds <= MAX_SEC ? seconds * 1000 : undefined;
}
