import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const CHUNK_BYTES = 256 * 1024;
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
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let position = 0;
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
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) <= position) return false;
    let fd: number;
    try {
      fd = openSync(file, 'r');
    } catch {
      return false;
    }
    try {
      for (;;) {
        const read = readSync(fd, buffer, 0, buffer.length, position);
        if (read === 0) return true;
        position += read;
        take(decoder.write(buffer.subarray(0, read)));
      }
    } finally {
      closeSync(fd);
    }
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
