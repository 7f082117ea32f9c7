import { existsSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { readEnd, type Started } from '../../process/index.js';
import { TIMES_FILE } from '../../records/stream-times.js';
import { createRedactor, type Redactor } from '../../secrets/index.js';
import { StreamCopies, type CopiedStreams } from './stream-copies.js';

/** The logs of one attempt in the run's folder: copies of what the process writes, without secrets. */
export interface StepLogs {
  /** Says how secrets are hidden; before anything is followed. */
  redactWith(redactor: Redactor): void;
  /** A process was started, or found: its streams are copied from now on. */
  follow(started: CopiedStreams & Pick<Started, 'generation'>): void;
  /** The last line that is copied, for people who watch. */
  lastLine(): string | undefined;
  /** Copies the rest of a process that ended then. @returns false where a copy is not whole. */
  finish(endedAt?: number): Promise<boolean>;
}

/** Bytes in which the last line is looked for. */
const LINE_BYTES = 256;

/** Makes the logs in a folder, `stdout.log` and `stderr.log`. Those of a start that was lost become `stdout.lost-0.log`. */
export function followStreams(logDir: string): StepLogs {
  makeDir(logDir);
  let redactor = createRedactor();
  let copies: StreamCopies | undefined;
  return {
    redactWith(other) {
      redactor = other;
    },
    follow({ generation, ...streams }) {
      void copies?.finish();
      if (generation > 0) putAside(logDir, generation - 1);
      copies = new StreamCopies(streams, logDir, redactor);
      copies.follow();
    },
    lastLine: () => readEnd(path.join(logDir, 'stdout.log'), LINE_BYTES).tail.trimEnd().split('\n').at(-1),
    finish: async (endedAt) => (await copies?.finish(endedAt)) ?? true,
  };
}

/** A folder that cannot be made costs the logs, and not the step. */
function makeDir(logDir: string): void {
  try {
    mkdirSync(logDir, { recursive: true, mode: 0o700 });
  } catch {
    // Each copy tries again.
  }
}

function putAside(logDir: string, generation: number): void {
  for (const name of ['stdout.log', 'stderr.log', TIMES_FILE]) {
    const lost = path.join(logDir, name.replace('.log', `.lost-${generation}.log`));
    const log = path.join(logDir, name);
    try {
      if (existsSync(log) && !existsSync(lost)) renameSync(log, lost);
    } catch {
      // Then the log of the next start takes its place.
    }
  }
}
