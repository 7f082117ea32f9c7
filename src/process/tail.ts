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
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    const read = readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return { size, tail: decode(buffer.subarray(0, read), bytes) };
  } catch {
    return { size: 0, tail: '' }; // a tail is a courtesy; its absence must not fail a step
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Cuts to whole characters; invalid bytes become U+FFFD, of three bytes, so the result is cut again. */
function decode(buffer: Buffer, bytes: number): string {
  let start = 0;
  while (start < buffer.length && start < 4 && (buffer[start]! & 0xc0) === 0x80) start += 1;
  let text = buffer.subarray(start).toString('utf8');
  while (Buffer.byteLength(text) > bytes) text = text.slice(Math.ceil((Buffer.byteLength(text) - bytes) / 3));
  return text;
}
