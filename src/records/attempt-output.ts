import { open, type FileHandle } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { growingFile } from '../host/growing-file.js';
import { ifMissing } from '../host/errno.js';
import { parseTime, type StreamName, type StreamTime } from './stream-times.js';
import type { AttemptStreams } from './streams.js';

/** Bytes that are read in one go. */
const CHUNK = 64 * 1024;

/** Bytes of a stream that came at the same time, as far as that was looked at. */
interface Piece {
  stream: StreamName;
  bytes: Buffer;
  /** Absent where no times were kept. */
  at?: Pick<StreamTime, 'time' | 'late'>;
}

/** The output of an attempt, which may still grow. */
export interface AttemptOutput {
  /**
   * What has come since the last call, in the order in which it came. What has no time yet is left for the next call.
   *
   * @param over nothing more comes: what has no time is given, too, stdout before stderr
   */
  news(over: boolean): AsyncGenerator<Piece>;
}

/**
 * Reads both streams of an attempt as one, by the times that are kept beside them.
 *
 * @param from bytes of each stream that are passed over
 */
export function attemptOutput(
  paths: AttemptStreams,
  streams: readonly StreamName[],
  from: Readonly<Record<StreamName, number>> = { stdout: 0, stderr: 0 },
): AttemptOutput {
  const times = growingFile(paths.times);
  const positions: Record<StreamName, number> = { ...from };
  const noted: Record<StreamName, number> = { stdout: 0, stderr: 0 };
  const pending: StreamTime[] = [];
  let line = '';

  return {
    async *news(over) {
      const readers = await openReaders();
      try {
        await readTimes();
        yield* timed(readers, over);
        if (!over && existsSync(paths.times)) return;
        for (const stream of streams) yield* readers[stream]?.upTo(Number.POSITIVE_INFINITY) ?? [];
      } finally {
        for (const stream of streams) await readers[stream]?.close();
      }
    },
  };

  async function openReaders(): Promise<Partial<Record<StreamName, Reader>>> {
    const readers: Partial<Record<StreamName, Reader>> = {};
    for (const stream of streams) {
      const handle = paths[stream] && (await open(paths[stream], 'r').catch(ifMissing));
      if (handle) readers[stream] = reader(stream, handle, positions);
    }
    return readers;
  }

  /** Who takes over an attempt may say again what is known. */
  async function readTimes(): Promise<void> {
    for await (const bytes of times.news()) {
      const lines = (line + bytes.toString('latin1')).split('\n');
      line = lines.pop()!;
      for (const time of lines.map(parseTime)) {
        if (time === undefined || time.bytes <= noted[time.stream]) continue;
        noted[time.stream] = time.bytes;
        if (streams.includes(time.stream)) pending.push(time);
      }
    }
  }

  async function* timed(readers: Partial<Record<StreamName, Reader>>, over: boolean): AsyncGenerator<Piece> {
    let done = 0;
    for (const { stream, bytes, time, late } of pending) {
      for await (const piece of readers[stream]?.upTo(bytes) ?? []) yield { ...piece, at: { time, late } };
      if (positions[stream] < bytes && !over) break;
      done += 1;
    }
    pending.splice(0, done);
  }
}

interface Reader {
  upTo(end: number): AsyncGenerator<Piece>;
  close(): Promise<void>;
}

/** Reads ahead, for pieces may be small. */
function reader(stream: StreamName, handle: FileHandle, positions: Record<StreamName, number>): Reader {
  let ahead = Buffer.alloc(0);
  return {
    async *upTo(end) {
      while (positions[stream] < end) {
        if (ahead.length === 0) {
          const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, positions[stream]);
          if (bytesRead === 0) return;
          ahead = buffer.subarray(0, bytesRead);
        }
        const bytes = ahead.subarray(0, end - positions[stream]);
        ahead = ahead.subarray(bytes.length);
        positions[stream] += bytes.length;
        yield { stream, bytes };
      }
    },
    close: () => handle.close(),
  };
}
