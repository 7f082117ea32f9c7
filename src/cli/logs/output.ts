import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import type { CliContext } from '../context.js';
import type { StreamTime, StreamName } from '../../records/stream-times.js';
import { oneLine, printable } from '../render/format.js';
import { paint } from '../terminal.js';
import { terminalFilter } from './terminal-filter.js';

/** Of what a piece of output is. */
export interface Source {
  step: string;
  attempt: number;
  stream: StreamName;
}

/** When something came; undefined where that was not kept. */
type At = Pick<StreamTime, 'time' | 'late'> | undefined;

/** Takes the output of one stream of one attempt. */
export interface Output {
  take(bytes: Buffer, at: At): Promise<void>;
  /** Nothing more comes. */
  end(): Promise<void>;
}

/** Characters of a line that are held while its end has not come; a longer one is cut into several. */
const MAX_LINE = 64 * 1024;

/**
 * What a step printed, stdout to stdout, stderr to stderr: to a file or a pipe byte for byte, to a terminal as text with
 * colours, and nothing else that steers it.
 */
export function rawOutput(context: CliContext, stream: StreamName): Output {
  const target = context.raw[stream];
  if (!('isTTY' in target && target.isTTY)) return { take: (bytes) => write(target, bytes), end: async () => {} };
  const filter = terminalFilter();
  return {
    take: (bytes) => write(target, filter.take(bytes)),
    end: () => write(target, filter.end()),
  };
}

/** Lines of one step as they are, each with its time in front. */
export function timedOutput(context: CliContext, stream: StreamName): Output {
  const target = context.raw[stream];
  const filtered = 'isTTY' in target && target.isTTY;
  const { dim } = stream === 'stdout' ? context.outColors : context.colors;
  return lines(async (line, at) => {
    const filter = terminalFilter();
    const bytes = Buffer.from(line, 'latin1');
    await write(target, `${paint(dim(formatAt(at)))} `);
    await write(target, filtered ? `${filter.take(bytes)}${filter.end()}\n` : Buffer.concat([bytes, NEWLINE]));
  }, 'latin1');
}

/** Lines, each with where it is from in front. */
export function prefixedOutput(context: CliContext, source: Source, timestamps: boolean): Output {
  const { step, attempt, stream } = source;
  const { dim } = stream === 'stdout' ? context.outColors : context.colors;
  const prefix = `[${step}${attempt > 1 ? ` #${attempt}` : ''}]`;
  return lines((line, at) => {
    const front = dim(timestamps ? `${formatAt(at)} ${prefix}` : prefix);
    return write(context.raw[stream], paint(`${front} ${printable(line)}\n`));
  });
}

/** Colours of the names of steps, in turn: neighbours differ. */
const TONES = ['cyan', 'magenta', 'blue', 'yellow', 'green'] as const;

/** Lines of a run that is followed, to stderr, each behind the name of its step, which has a colour of its own. */
export function labelledOutput(
  context: CliContext,
  { step, attempt }: Source,
  { width, place }: { width: number; place: number },
): Output {
  const label = `${step}${attempt > 1 ? ` #${attempt}` : ''}`.padEnd(width);
  const front = context.colors[TONES[Math.max(0, place) % TONES.length]!](`${oneLine(label)} |`);
  return lines((line) => write(context.raw.stderr, paint(`${front} ${printable(line)}\n`)));
}

/** A JSON object for each line. */
export function jsonOutput(context: CliContext, source: Source): Output {
  return lines((line, at) => {
    const time = at === undefined ? null : new Date(at.time).toISOString();
    const late = at?.late ? { time_is_upper_bound: true } : {};
    return write(context.raw.stdout, paint(`${JSON.stringify({ ...source, time, ...late, line })}\n`));
  });
}

function formatAt(at: At): string {
  if (at === undefined) return '-';
  return `${at.late ? '<=' : ''}${new Date(at.time).toISOString()}`;
}

const NEWLINE = Buffer.from('\n');

/** Cuts into lines. The time of a line is that of its end. */
function lines(print: (line: string, at: At) => Promise<void>, encoding: 'utf8' | 'latin1' = 'utf8'): Output {
  const decoder = new StringDecoder(encoding);
  let rest = '';
  let last: At;
  return {
    async take(bytes, at) {
      last = at;
      const parts = (rest + decoder.write(bytes)).split('\n');
      rest = parts.pop()!;
      for (const line of parts) await print(line.endsWith('\r') ? line.slice(0, -1) : line, at);
      if (rest.length <= MAX_LINE) return;
      await print(rest, at);
      rest = '';
    },
    async end() {
      rest += decoder.end();
      if (rest !== '') await print(rest, last);
      rest = '';
    },
  };
}

/** Waits for a slow reader, so that a large log is never in memory as a whole. */
async function write(target: NodeJS.WritableStream, data: string | Buffer): Promise<void> {
  if (!target.writable) throw Object.assign(new Error('The reader has gone'), { code: 'EPIPE' });
  if (!target.write(data)) await once(target, 'drain');
}
