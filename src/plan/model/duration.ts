const UNIT_SEC: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const PART = /(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*/y;

/**
 * Reads a length of time as people write it: `10m`, `1h30m`, `1.5d`, `500ms`.
 *
 * @returns seconds; undefined where the text is anything else, a number without a unit too
 */
export function secondsOf(text: string): number | undefined {
  let seconds = 0;
  let at = 0;
  while (at < text.length) {
    PART.lastIndex = at;
    const [whole, number, unit] = PART.exec(text) ?? [];
    if (whole === undefined) return undefined;
    seconds += Number(number) * UNIT_SEC[unit!]!;
    at += whole.length;
  }
  // Sums of fractions: 1.1 s is 1100 ms, not 1100.0000000000002.
  return text === '' ? undefined : Math.round(seconds * 1e6) / 1e6;
}
