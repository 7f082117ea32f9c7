import type { Styles } from './terminal.js';

/** Where a command reads from and writes to. */
export interface CliHost {
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Where a plan called `-` comes from. Default: nowhere. */
  stdin?: NodeJS.ReadableStream;
  stdout: NodeJS.WriteStream | NodeJS.WritableStream;
  stderr: NodeJS.WriteStream | NodeJS.WritableStream;
}

/**
 * What every command gets. Results go to stdout, progress and errors to stderr.
 *
 * Whatever is written here is safe for a terminal: only styles made by `colors` and `outColors` work, everything else
 * that would steer it is escaped (terminal.ts). So no renderer has to think of it.
 */
export interface CliContext extends Omit<CliHost, 'stdin' | 'stdout' | 'stderr'> {
  /** Looked at only where it is read: Node takes milliseconds to make it. */
  readonly stdin?: CliHost['stdin'] | undefined;
  /** Writes a result. */
  out(text: string): void;
  /** Writes progress, a hint or an error. */
  note(text: string): void;
  /** The streams themselves, for bytes that are to stay as they are, and for what is redrawn. Nothing is escaped there. */
  raw: Pick<CliHost, 'stdout' | 'stderr'>;
  /** Colours and links for stderr; they do nothing where it is no terminal. */
  colors: Styles;
  /** Colours for stdout. */
  outColors: Styles;
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
