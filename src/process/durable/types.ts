/** Why a process was stopped. */
export type StopReason = 'timeout' | 'max_duration' | 'canceled' | 'output_cap' | 'stalled' | 'lingered' | 'budget';

/** A process that goes on when its worker dies. */
export interface DurableSpec {
  /** The command: a path, or a name that is looked for on the PATH of `env`. */
  file: string;
  args: readonly string[];
  /** Absolute. */
  cwd: string;
  /**
   * The whole environment; it is never written to disk. The process also sees {@link MARK_VARIABLE}. Names that are no
   * identifiers need a bash on the host, else they are left out.
   */
  env: Readonly<Record<string, string>>;
  /** More of the environment, for a generation with this folder. */
  generationEnv?: (dir: string) => Readonly<Record<string, string>>;
  /** Absent means an empty one. */
  stdin?: string;
  /**
   * The folder of this try, absolute. Who calls again with the same folder attaches to what runs there, or hears how
   * it ended. A try that should run anew needs another folder.
   */
  tryDir: string;
  /** Who the try belongs to; kept in the folder for {@link sweepTries}. No secrets. */
  owner?: Readonly<Record<string, string>>;
  /** Milliseconds from the start of the process, worker or not; absent means no limit. */
  timeoutMs?: number;
  /** Milliseconds from this call: what is left of a limit that several tries share. */
  maxDurationMs?: number;
  /** Milliseconds between TERM and KILL. */
  graceMs: number;
  /** Bytes of stdout and stderr together. What is written within a few milliseconds more cannot be held back. */
  maxOutputBytes?: number;
  /** A process that was lost is not started again. */
  runOnce?: boolean;
  /** How often a process may be lost before that is reported; 3 if absent. */
  maxLost?: number;
}

/** How others take part while a process runs. */
export interface DurableControls {
  /** Stops the process. Where its `reason` is a {@link StopReason}, that is why; else it was canceled. */
  cancel?: AbortSignal;
  /** Stops waiting for it, and leaves it running. */
  detach?: AbortSignal;
  /** Told once for each generation whose start this call sees. */
  onStart?: (started: Started) => void;
}

export interface Started {
  /** Leads the session and group in which the command runs. */
  pid: number;
  generation: number;
  /** Wall clock, milliseconds. */
  startedAt: number;
  stdoutFile: string;
  stderrFile: string;
  /** True where another call has started it, before a crash of its worker perhaps. */
  attached: boolean;
}

/** What has become of a process. */
export type DurableEnd = Exited | Lost | Closed | Detached;

/** The command has ended, and how is known. */
export interface Exited extends Started {
  kind: 'exited';
  /** Absent where a signal ended it. */
  exitCode?: number;
  signal?: string;
  /** Why it was stopped; absent where it ended by itself. */
  stopped?: StopReason;
  durationMs: number;
}

/** It has ended and nobody knows how: its wrapper was killed, or the host went down. */
interface Lost {
  kind: 'lost';
  generation: number;
  /** Whether its command may have begun. */
  started: boolean;
  /** What still ran of it and was killed. */
  leftoversKilled: number;
  /** Where it was being stopped. Then no other generation follows. */
  stopped?: StopReason;
  stdoutFile: string;
  stderrFile: string;
}

/** It was stopped before it was started: the command never ran. */
interface Closed {
  kind: 'closed';
  generation: number;
  stopped: StopReason;
}

/** Nobody waits for it here any more; it goes on. */
interface Detached {
  kind: 'detached';
  generation: number;
}

/** The variable by which all that belongs to a process is found, wherever it has moved to. */
export const MARK_VARIABLE = 'ORCH_PROCESS_MARK';
