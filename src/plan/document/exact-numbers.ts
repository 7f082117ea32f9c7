import type { Fault } from './faults.js';

/**
 * Whether a number is the same after it was read as a double, the only kind of number that JSON has here. Fractions are
 * taken as measured values: they are rounded everywhere.
 *
 * @param text the number as JSON and YAML write it
 */
export function isExact(text: string): boolean {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isFinite(value)) return false;
  if (Number.isSafeInteger(value) || !/^[-+]?\d+$/.test(text)) return true;
  return BigInt(text.replace('+', '')) === BigInt(value);
}

/** The fault of a whole number that would become another one. */
export function inexactNumber(text: string, offset: number): Fault {
  const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  const value = Number(text);
  return {
    code: 'inexact_number',
    message: `the number ${shown} would be read as ${Number.isFinite(value) ? BigInt(value) : 'infinity'}: it has more digits than a number keeps`,
    offset,
    hint: `put it in quotes: "${shown}"`,
  };
}
