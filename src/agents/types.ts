import type { AgentAdapter, AgentPermissions, AgentSettings } from '../plan/model/agent.js';
import type { Json } from '../plan/model/values.js';

/** One turn that an agent is to take. Paths are absolute. */
export interface TurnRequest {
  settings: AgentSettings;
  /** Name of the model; absent means the agent's own default. */
  model?: string;
  tier?: string;
  prompt: string;
  /** A file that holds the same prompt. */
  promptFile: string;
  /** Folder of the turn, for files that the command needs. */
  dir: string;
  cwd: string;
  permissions: AgentPermissions;
  /** The session to go on with; absent begins one. */
  session?: string;
  /** A session id for a new session, where the agent lets it be chosen. */
  newSession: string;
  /** JSON Schema of the answer. */
  outputSchema?: Readonly<Record<string, Json>>;
}

/** What to execute for a turn. */
export interface AgentCommand {
  file: string;
  args: readonly string[];
  /** Over the step's environment, under the agent's settings. */
  env?: Readonly<Record<string, string>>;
  stdin?: string;
  /** Files that must be there before, by their absolute paths. */
  files?: readonly { path: string; content: string }[];
}

/** What is known of a turn from what the agent has printed so far. */
export interface TurnProgress {
  sessionId?: string | undefined;
  /** The agent's last words. */
  message: string;
  /** What it does now, in a few words. */
  doing?: string | undefined;
  /** A tool was called since: what it says next is a message of its own. */
  spoken?: true;
  toolCalls: number;
  /** Tokens and cost are of this turn, or of the whole session where `ofSession` is set. */
  inputTokens: number;
  outputTokens: number;
  costUsd?: number;
  ofSession?: true;
  structured?: Json;
  /** The event has come after which nothing else is expected; what the agent does after it takes it back. */
  final: boolean;
  /** Work that it has announced to go on beside its turn, by ids, and has not told the end of. */
  pending?: Set<string>;
  /** What the agent says went wrong, the last one that was not mended. */
  error?: string;
  /** The agent says itself that it is out of quota. */
  quota?: { resetAt?: number };
  /** The agent says itself that it may not work: no login, a wrong key. */
  denied?: true;
  /** Tools that it was not allowed to use. */
  refused?: string[];
  /** What it says itself that its end is not as it should be, though it calls it one. */
  doubts?: string[];
  /** Lines that should be events and are not, and the last of them. */
  badLines: number;
  badLine?: string;
  /** How many of these were events that cannot be read. */
  lostEvents?: number;
}

/** How one kind of coding agent is called and understood. */
export interface Adapter {
  name: AgentAdapter;
  command(request: TurnRequest): AgentCommand;
  /** Takes one line of stdout; lines come in order, each once. */
  read(line: string, progress: TurnProgress): void;
  /** True where an event tells of the end of every turn: one that ends without it has been cut short. */
  tellsEnd?: true;
  /** What exit codes of its own mean. */
  exits?: Readonly<Record<number, 'auth' | 'usage'>>;
  /** True where stdout is the answer itself, not events. */
  plainText?: true;
  /** Where the agent leaves a verdict of its own beside its output. */
  sidecar?: (request: Pick<TurnRequest, 'dir'>) => string;
}

/** Whether all is said: the end of the turn, and that of all that was to go on beside it. */
export function isOver({ final, pending }: TurnProgress): boolean {
  return final && (pending?.size ?? 0) === 0;
}

/** Notes a tool that was refused, each once. */
export function noteRefused(progress: TurnProgress, tool: string): void {
  progress.refused = [...new Set([...(progress.refused ?? []), tool])].slice(0, MAX_NAMED);
}

/** Notes a doubt, each once. */
export function noteDoubt(progress: TurnProgress, doubt: string): void {
  progress.doubts = [...new Set([...(progress.doubts ?? []), doubt.slice(0, MAX_DOUBT)])].slice(0, MAX_NAMED);
}

const MAX_NAMED = 10;
const MAX_DOUBT = 300;

/** A turn of which nothing is known yet. */
export function noProgress(): TurnProgress {
  return { message: '', toolCalls: 0, inputTokens: 0, outputTokens: 0, final: false, badLines: 0 };
}
