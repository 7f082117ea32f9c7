import type { Colors } from 'picocolors/types.js';

/** Where a command reads from and writes to. */
export interface CliHost {
  env: NodeJS.ProcessEnv;
  cwd: string;
  stdout: NodeJS.WriteStream | NodeJS.WritableStream;
  stderr: NodeJS.WriteStream | NodeJS.WritableStream;
}

/** What every command gets. Results go to stdout, progress and errors to stderr. */
export interface CliContext extends CliHost {
  /** Writes a result. */
  out(text: string): void;
  /** Writes progress, a hint or an error. */
  note(text: string): void;
  /** Colours for stderr; they do nothing where it is no terminal. */
  colors: Colors;
  /** Colours for stdout. */
  outColors: Colors;
  /** True when stderr can be redrawn: a terminal, and not a CI's log. */
  live: boolean;
}

/** Exit codes; a contract that scripts rely on. */
export const EXIT = {
  succeeded: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  canceled: 4,
  quarantined: 5,
  /** Ctrl-C while following: the run goes on. What shells use for SIGINT. */
  detached: 130,
} as const;
