import { utf8Length } from '../../plan/templates/shared-env.js';

/** Bytes of a step's task as it travels. Temporal ends a run that schedules an activity with an input of 2 MB. */
const MAX_BYTES = 1_900_000;
/** Values that a character of a string can have. */
const CODE_UNITS = 65_536;

/**
 * Why a step's task cannot leave, or undefined where it can. Large ones are compressed on their way, which cannot be
 * done here; but compression never does much worse than the frequencies of a text's characters allow.
 */
export function tooLarge(task: unknown): string | undefined {
  const text = JSON.stringify(task);
  if (text.length * 3 <= MAX_BYTES) return undefined;
  const bytes = utf8Length(text);
  const packed = Math.min(bytes, Math.ceil(entropyBytes(text) * 1.05));
  if (packed <= MAX_BYTES) return undefined;
  return `the step with its templates expanded is ${bytes} bytes, too many for one task; pass large data as a file`;
}

/**
 * What a code for each character by itself comes to. A run whose history was long asks it of megabytes, again in each
 * replay. The bits are added in the order in which characters appear: another order may round otherwise, and replays
 * are to come to the same.
 */
export function entropyBytes(text: string): number {
  const counts = new Uint32Array(CODE_UNITS);
  const seen: number[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (counts[code] === 0) seen.push(code);
    counts[code]! += 1;
  }
  const bits = seen.reduce((sum, code) => sum - counts[code]! * Math.log2(counts[code]! / text.length), 0);
  return bits / 8;
}
