import { growingFile } from '../../host/growing-file.js';

/** Whether a file holds a text, however large it is; false for a file that cannot be opened. */
export function fileContains(file: string, text: string): boolean {
  const wanted = Buffer.from(text);
  let rest = Buffer.alloc(0);
  for (const piece of growingFile(file).newsSync(() => undefined)) {
    const seen = Buffer.concat([rest, piece]);
    if (seen.includes(wanted)) return true;
    // What may be the beginning of the text stands at the end of what was read.
    rest = seen.subarray(seen.length - Math.min(wanted.length - 1, seen.length));
  }
  return false;
}
