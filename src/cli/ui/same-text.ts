import { timingSafeEqual } from 'node:crypto';

/** Compares what was given with a secret. Takes the same time whatever is given. */
export function sameText(given: unknown, wanted: string): boolean {
  if (typeof given !== 'string') return false;
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
