import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes of stdout and stderr together that a result carries. A larger pending failure is cut by the server. */
const TAIL_BYTES = 2048;

export interface Tails {
  stdout: string;
  stderr: string;
}

/** The last bytes of both streams, at most {@link TAIL_BYTES} together; what one does not need the other may have. */
export function readTails(stdoutFile: string, stderrFile: string): Tails {
  const stderrFirst = readTail(stderrFile, TAIL_BYTES);
  const stdoutBytes = Math.max(TAIL_BYTES / 2, TAIL_BYTES - Buffer.byteLength(stderrFirst));
  const stdout = readTail(stdoutFile, stdoutBytes);
  const stderrBytes = TAIL_BYTES - Buffer.byteLength(stdout);
  const stderr = Buffer.byteLength(stderrFirst) <= stderrBytes ? stderrFirst : readTail(stderrFile, stderrBytes);
  return { stdout, stderr };
}

/** The last `bytes` of a file as text, in bounded memory; '' where there is none. Broken UTF-8 never grows it. */
function readTail(file: string, bytes: number): string {
  return readEnd(file, bytes).tail;
}

/** Size of a file and its last `bytes`, as text. */
export function readEnd(file: string, bytes: number): { size: number; tail: string } {
  const { size, end } = readEndBytes(file, bytes);
  return { size, tail: decode(end, bytes) };
}

/** The same as it stands there, without the rest of a character that was cut at its beginning. */
export function readEndBytes(file: string, bytes: number): { size: number; end: Buffer } {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    const read = readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return { size, end: fromCharacter(buffer.subarray(0, read)) };
  } catch {
    return { size: 0, end: Buffer.alloc(0) }; // a tail is a courtesy; its absence must not fail a step
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function fromCharacter(buffer: Buffer): Buffer {
  let start = 0;
  while (start < buffer.length && start < 4 && (buffer[start]! & 0xc0) === 0x80) start += 1;
  return buffer.subarray(start);
}

/** Invalid bytes become U+FFFD, of three bytes, so the result is cut again. */
function decode(buffer: Buffer, bytes: number): string {
  let text = buffer.toString('utf8');
  while (Buffer.byteLength(text) > bytes) text = text.slice(Math.ceil((Buffer.byteLength(text) - bytes) / 3));
  return text;
}
