import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import type { CliContext } from '../context.js';
import { printable } from '../render/format.js';
import { paint } from '../terminal.js';
import { terminalFilter } from './terminal-filter.js';

export type StreamName = 'stdout' | 'stderr';

/** Of what a piece of output is. */
export interface Source {
  step: string;
  attempt: number;
  stream: StreamName;
}

/** Takes the output of one stream of one attempt. */
export interface Output {
  take(bytes: Buffer): Promise<void>;
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

/** Lines, each with where it is from in front. */
export function prefixedOutput(context: CliContext, source: Source): Output {
  const { step, attempt, stream } = source;
  const { dim } = stream === 'stdout' ? context.outColors : context.colors;
  const prefix = dim(`[${step}${attempt > 1 ? ` #${attempt}` : ''}]`);
  return lines((line) => write(context.raw[stream], paint(`${prefix} ${printable(line)}\n`)));
}

/** A JSON object for each line. */
export function jsonOutput(context: CliContext, source: Source): Output {
  return lines((line) => write(context.raw.stdout, paint(`${JSON.stringify({ ...source, line })}\n`)));
}

function lines(print: (line: string) => Promise<void>): Output {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    async take(bytes) {
      const parts = (rest + decoder.write(bytes)).split('\n');
      rest = parts.pop()!;
      for (const line of parts) await print(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (rest.length <= MAX_LINE) return;
      await print(rest);
      rest = '';
    },
    async end() {
      rest += decoder.end();
      if (rest !== '') await print(rest);
      rest = '';
    },
  };
}

/** Waits for a slow reader, so that a large log is never in memory as a whole. */
async function write(target: NodeJS.WritableStream, data: string | Buffer): Promise<void> {
  if (!target.writable) throw Object.assign(new Error('The reader has gone'), { code: 'EPIPE' });
  if (!target.write(data)) await once(target, 'drain');
}
