import { StringDecoder } from 'node:string_decoder';
import { growingFile } from '../../host/growing-file.js';

/** A line above this is cut: no event is so long, and a step may print anything. Characters. */
const MAX_LINE = 8 * 1024 * 1024;

/** Reads a file that grows, line by line, each line once. */
export interface StreamReader {
  /** Hands on the lines that have come. @returns whether anything has */
  pump(): boolean;
  /** The same, and the rest without a newline: nothing more comes. */
  finish(): void;
}

/** Makes the reader of a file, from its beginning. */
export function createStreamReader(file: string, onLine: (line: string) => void): StreamReader {
  const decoder = new StringDecoder('utf8');
  const source = growingFile(file);
  let rest = '';
  let dropping = false;

  const take = (text: string): void => {
    const parts = text.split('\n');
    for (const [index, part] of parts.entries()) {
      if (!dropping) rest += part;
      if (rest.length > MAX_LINE) {
        rest = rest.slice(0, MAX_LINE);
        dropping = true;
      }
      if (index === parts.length - 1) break;
      onLine(rest.endsWith('\r') ? rest.slice(0, -1) : rest);
      rest = '';
      dropping = false;
    }
  };
  const pump = (): boolean => {
    let has = false;
    // A file that cannot be opened now may be so at the next look.
    for (const piece of source.newsSync(() => undefined)) {
      has = true;
      take(decoder.write(piece));
    }
    return has;
  };
  return {
    pump,
    finish() {
      pump();
      take(decoder.end());
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}
