/** Milliseconds since the epoch; undefined where there is no time. */
export function timeOf(text: string | null): number | undefined {
  return text === null ? undefined : Date.parse(text);
}
