import { stat } from 'node:fs/promises';
import { attemptOutput } from '../../records/attempt-output.js';
import type { StreamName } from '../../records/stream-times.js';
import { attemptEnded, attemptsOf, attemptStreams, stepsWithLogs } from '../../records/streams.js';
import type { LogLine, LogPlace, LogsAnswer } from '../../ui/api.js';
import { defined } from '../../basics/defined.js';
import { ifMissing } from '../../host/errno.js';
import { printable } from '../render/format.js';

/** Bytes of each stream that are shown of what is there already. */
const TAIL = 256 * 1024;
/** Bytes that are read for one answer. */
const MOST_BYTES = 512 * 1024;
/** Bytes of a line, after which it is cut into several. */
const MAX_LINE = 16 * 1024;
const STREAMS: readonly StreamName[] = ['stdout', 'stderr'];
const NEWLINE = 0x0a;

/** What of the logs of a step is wanted. */
export interface LogsWanted {
  step: string;
  attempt?: number;
  /** What has been read; absent for the end of what is there. */
  place?: LogPlace;
}

/** Reads what steps of runs on this machine printed, as far as it has come, from files alone. */
export async function readLogs(state: string, runId: string, wanted: LogsWanted): Promise<LogsAnswer> {
  const sources = sourcesOf(wanted.step, await stepsWithLogs(state, runId));
  const [source] = sources.includes(wanted.step) ? [wanted.step] : sources;
  const attempts = source === undefined ? [] : await attemptsOf(state, runId, source);
  const attempt = wanted.attempt ?? attempts.at(-1);
  if (source === undefined || attempt === undefined || !attempts.includes(attempt)) {
    return { sources, attempts, lines: [], place: { stdout: 0, stderr: 0 }, skipped: 0, more: false, over: false };
  }
  // Asked before reading: what was written before the end is read then.
  const over = attemptEnded(state, runId, source, attempt);
  const paths = attemptStreams(state, runId, source, attempt);
  const begin = wanted.place ?? (await beforeEnd(paths));
  const read = await readLines(attemptOutput(paths, STREAMS, begin).news(over), begin, over);
  const skipped = wanted.place === undefined ? begin.stdout + begin.stderr : 0;
  return { sources, attempts, source, attempt, skipped, ...read, over: over && !read.more };
}

/** The step itself, or the instances of a `foreach`, in order. */
function sourcesOf(step: string, withLogs: readonly string[]): string[] {
  return withLogs
    .filter((id) => id === step || id.startsWith(`${step}[`))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

async function beforeEnd({ stdout, stderr }: Partial<Record<StreamName, string>>): Promise<LogPlace> {
  return { stdout: await tailOf(stdout), stderr: await tailOf(stderr) };
}

async function tailOf(file: string | undefined): Promise<number> {
  const size = file === undefined ? 0 : ((await stat(file).catch(ifMissing))?.size ?? 0);
  return Math.max(0, size - TAIL);
}

type Pieces = ReturnType<ReturnType<typeof attemptOutput>['news']>;

/** Whole lines only, while there may be more: what is left of one is read again. */
async function readLines(
  pieces: Pieces,
  begin: LogPlace,
  over: boolean,
): Promise<Pick<LogsAnswer, 'lines' | 'place' | 'more'>> {
  const lines: LogLine[] = [];
  const place = { ...begin };
  const rests: Record<StreamName, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  let bytesRead = 0;
  let more = false;
  for await (const { stream, bytes, at } of pieces) {
    let rest = Buffer.concat([rests[stream], bytes]);
    for (let end = lineEnd(rest); end > 0; end = lineEnd(rest)) {
      lines.push({ stream, text: textOf(rest.subarray(0, end)), ...defined({ time: at?.time }) });
      place[stream] += end;
      rest = rest.subarray(end);
    }
    rests[stream] = rest;
    bytesRead += bytes.length;
    more = bytesRead >= MOST_BYTES;
    if (more) break;
  }
  for (const stream of STREAMS) {
    const rest = rests[stream];
    if (!over || more || rest.length === 0) continue;
    lines.push({ stream, text: textOf(rest) });
    place[stream] += rest.length;
  }
  return { lines, place, more };
}

/** Where the first line ends; 0 where its end has not come. */
function lineEnd(bytes: Buffer): number {
  const end = bytes.indexOf(NEWLINE) + 1;
  if (end > 0 && end <= MAX_LINE) return end;
  return bytes.length >= MAX_LINE ? MAX_LINE : 0;
}

function textOf(line: Buffer): string {
  return printable(line.toString('utf8').replace(/\r?\n$/, ''));
}
