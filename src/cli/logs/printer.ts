import { growingFile, type GrowingFile } from '../../host/growing-file.js';
import { attemptEnded, attemptsOf, attemptStreams } from '../../records/streams.js';
import type { Output, Source, StreamName } from './output.js';

/** Which streams of which attempts are printed, and how. */
export interface PrinterOptions {
  stateDir: string;
  runId: string;
  streams: readonly StreamName[];
  /** Only this attempt; `last` is the newest, and those that come after it. */
  attempt: number | 'last' | 'all';
  output: (source: Source) => Output;
}

/** Prints what has come of the logs of steps, each byte once. */
export interface LogPrinter {
  /** @param over true where nothing more comes of any of them */
  print(steps: readonly string[], over: boolean): Promise<void>;
}

interface Attempt {
  files: { file: GrowingFile; output: Output }[];
}

/** Makes a printer. An attempt that is over is read to its end once, and not looked at again. */
export function createPrinter({ stateDir, runId, streams, attempt, output }: PrinterOptions): LogPrinter {
  const open = new Map<string, Attempt>();
  const closed = new Set<string>();
  const firsts = new Map<string, number>();

  return {
    async print(steps, over) {
      for (const step of steps) {
        for (const number of await wanted(step)) await printAttempt(step, number, over);
      }
    },
  };

  async function wanted(step: string): Promise<number[]> {
    const all = await attemptsOf(stateDir, runId, step);
    if (attempt === 'all') return all;
    if (attempt !== 'last') return all.filter((number) => number === attempt);
    const newest = all.at(-1);
    if (newest === undefined) return [];
    if (!firsts.has(step)) firsts.set(step, newest);
    return all.filter((number) => number >= firsts.get(step)!);
  }

  async function printAttempt(step: string, number: number, over: boolean): Promise<void> {
    const key = `${number} ${step}`;
    if (closed.has(key)) return;
    // Asked before reading: what was written before the end is read then.
    const ended = over || attemptEnded(stateDir, runId, step, number);
    const known = open.get(key) ?? openAttempt(step, number);
    open.set(key, known);
    for (const one of known.files) {
      for await (const bytes of one.file.news()) await one.output.take(bytes);
      if (ended) await one.output.end();
    }
    if (!ended) return;
    open.delete(key);
    closed.add(key);
  }

  function openAttempt(step: string, number: number): Attempt {
    const paths = attemptStreams(stateDir, runId, step, number);
    return {
      files: streams.flatMap((stream) => {
        const path = paths[stream];
        const source = { step, attempt: number, stream };
        return path === undefined ? [] : [{ file: growingFile(path), output: output(source) }];
      }),
    };
  }
}
