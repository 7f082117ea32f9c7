import { attemptOutput, type AttemptOutput } from '../../records/attempt-output.js';
import type { StreamName } from '../../records/stream-times.js';
import { attemptEnded, attemptsOf, attemptStreams } from '../../records/streams.js';
import type { Output, Source } from './output.js';

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
  /** Whether there was anything to print. */
  printed(): boolean;
}

interface Attempt {
  output: AttemptOutput;
  printed: Record<StreamName, Output>;
}

/** Makes a printer. An attempt that is over is read to its end once, and not looked at again. */
export function createPrinter({ stateDir, runId, streams, attempt, output }: PrinterOptions): LogPrinter {
  const open = new Map<string, Attempt>();
  const closed = new Set<string>();
  const firsts = new Map<string, number>();
  let printed = false;

  return {
    async print(steps, over) {
      for (const step of steps) {
        for (const number of await wanted(step)) await printAttempt(step, number, over);
      }
    },
    printed: () => printed,
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
    for await (const { stream, bytes, at } of known.output.news(ended)) {
      printed = true;
      await known.printed[stream].take(bytes, at);
    }
    if (!ended) return;
    for (const stream of streams) await known.printed[stream].end();
    open.delete(key);
    closed.add(key);
  }

  function openAttempt(step: string, number: number): Attempt {
    const to = (stream: StreamName): Output => output({ step, attempt: number, stream });
    return {
      output: attemptOutput(attemptStreams(stateDir, runId, step, number), streams),
      printed: { stdout: to('stdout'), stderr: to('stderr') },
    };
  }
}
