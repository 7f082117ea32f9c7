import { existsSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { readEnd, type Started } from '../../process/index.js';
import { createRedactor, LogCopy, type Redactor } from '../../secrets/index.js';

/** The logs of one attempt in the run's folder: copies of what the process writes, without secrets. */
export interface StepLogs {
  /** Says how secrets are hidden; before anything is followed. */
  redactWith(redactor: Redactor): void;
  /** A process was started, or found: its streams are copied from now on. */
  follow(started: Pick<Started, 'generation' | 'stdoutFile' | 'stderrFile'>): void;
  /** The last line that is copied, for people who watch. */
  lastLine(): string | undefined;
  /** Copies the rest. @returns false where a copy is not whole. */
  finish(): Promise<boolean>;
}

/** Bytes in which the last line is looked for. */
const LINE_BYTES = 256;

/** Makes the logs in a folder, `stdout.log` and `stderr.log`. Those of a start that was lost become `stdout.lost-0.log`. */
export function followStreams(logDir: string): StepLogs {
  makeDir(logDir);
  let redactor = createRedactor();
  let copies: LogCopy[] = [];
  return {
    redactWith(other) {
      redactor = other;
    },
    follow({ generation, stdoutFile, stderrFile }) {
      for (const copy of copies) void copy.finish();
      if (generation > 0) putAside(logDir, generation - 1);
      copies = [
        new LogCopy(stdoutFile, path.join(logDir, 'stdout.log'), redactor),
        new LogCopy(stderrFile, path.join(logDir, 'stderr.log'), redactor),
      ];
      for (const copy of copies) copy.follow();
    },
    lastLine: () => readEnd(path.join(logDir, 'stdout.log'), LINE_BYTES).tail.trimEnd().split('\n').at(-1),
    async finish() {
      const whole = await Promise.all(copies.map((copy) => copy.finish()));
      return whole.every(Boolean);
    },
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
  for (const stream of ['stdout', 'stderr']) {
    const lost = path.join(logDir, `${stream}.lost-${generation}.log`);
    const log = path.join(logDir, `${stream}.log`);
    try {
      if (existsSync(log) && !existsSync(lost)) renameSync(log, lost);
    } catch {
      // Then the log of the next start takes its place.
    }
  }
}
