import type { Json } from '../plan/types.js';
import { isDenied, quotaIn } from './quota.js';
import type { Adapter, TurnProgress } from './types.js';
import { verdictIn, verdictOfAnswer, type SaidVerdict, type Verdict } from './verdict.js';

/** How an agent's process ended. */
export interface TurnEnd {
  exitCode?: number;
  signal?: string;
  /** Set where it was stopped, and why. */
  stopped?: 'timeout' | 'max_duration' | 'stalled' | 'lingered' | 'budget' | 'output_cap' | 'canceled';
  /** Nobody knows how it ended. */
  lost?: true;
  /** The last bytes of stderr. */
  stderrTail: string;
}

/** Why a turn is no answer. */
export interface TurnFailure {
  kind: 'quota' | 'auth' | 'usage' | 'crash' | 'empty' | 'session' | 'stopped';
  message: string;
  resetAt?: number;
}

/** What a turn came to: a verdict, or why there is none. */
export interface TurnOutcome {
  verdict?: Verdict;
  note?: string;
  failure?: TurnFailure;
  structured?: Json;
}

/** What is known beside the output of an agent. */
export interface Said {
  /** The verdict of a file beside the output. */
  file?: SaidVerdict;
  /** Whether the files that the step was to make are there, and have changed. */
  evidence: boolean;
  /** The session that it was to go on with. */
  asked?: string;
  /** Milliseconds since the epoch. */
  now: number;
  wantsJson: boolean;
  adapter: Pick<Adapter, 'tellsEnd' | 'exits'>;
}

const MAX_MESSAGE = 500;
const NO_SESSION =
  /no (?:conversation|session|thread|rollout)[^\n]*found|session not found|thread\/(?:resume|read)[^\n]*(?:not found|not loaded)|invalid session identifier/i;

/**
 * Says what a turn came to.
 *
 * A verdict file counts before a structured answer, that before the last verdict in the text, that before the exit
 * code. An agent that exits with 0 and has said nothing has not answered.
 *
 * @param said what else there is to know, beside what it printed
 */
export function concludeTurn(progress: TurnProgress, end: TurnEnd, said: Said): TurnOutcome {
  const structured = progress.structured ?? (said.wantsJson ? jsonIn(progress.message) : undefined);
  const answer = structured === undefined ? {} : { structured };
  const verdict = said.file ?? verdictOfAnswer(structured) ?? verdictIn(progress.message);
  if (end.lost) return { failure: { kind: 'stopped', message: 'its process was killed, or its host went down' } };
  const failure = failureOf(progress, end, said);
  // A quota that ends in the middle leaves half-done work, whatever was said before.
  if (failure?.kind === 'quota' || failure?.kind === 'session') return { failure, ...answer };
  if (said.file !== undefined) return { ...said.file, ...answer };
  if (failure !== undefined) {
    // It may have answered and then hung, or crashed on its way out.
    if (verdict !== undefined && progress.final && !isVerdictOfFailure(failure)) return { ...verdict, ...answer };
    if (said.evidence && (failure.kind === 'stopped' || failure.kind === 'crash')) {
      return {
        verdict: 'warn',
        note: `${failure.message}, but the declared files are there and have changed`,
        ...answer,
      };
    }
    return { failure, ...answer };
  }
  if (verdict !== undefined) return { ...verdict, ...answer };
  if (said.adapter.tellsEnd && !progress.final) {
    return { failure: { kind: 'crash', message: 'it exited with code 0 before its turn had ended' } };
  }
  if (said.wantsJson && structured === undefined) {
    return { failure: { kind: 'empty', message: 'its answer is no JSON object, as output_schema asks for' } };
  }
  return { verdict: 'pass', ...answer };
}

function isVerdictOfFailure({ kind }: TurnFailure): boolean {
  return kind === 'auth' || kind === 'usage' || kind === 'empty';
}

function failureOf(progress: TurnProgress, end: TurnEnd, { asked, now, adapter }: Said): TurnFailure | undefined {
  const { error, quota, sessionId } = progress;
  if (asked !== undefined && sessionId !== undefined && sessionId !== asked) {
    return { kind: 'session', message: `it went on with the session ${sessionId} instead of ${asked}` };
  }
  const ended = end.stopped === 'lingered' ? 0 : end.exitCode;
  const bad = ended !== 0 || error !== undefined || end.stopped === 'stalled';
  // One that waits for its quota in silence may be past older troubles: only what it said last counts.
  const stderr = end.stopped === 'stalled' ? lastLine(end.stderrTail) : end.stderrTail;
  const words = [error ?? '', bad ? stderr : ''].join('\n').trim();
  if (bad || quota !== undefined) {
    const notice = quota ?? quotaIn(bad && words === '' ? progress.message : words, now);
    if (notice !== undefined && (end.stopped === undefined || BY_ITSELF.has(end.stopped))) {
      const message = `it is out of quota: ${firstLine(words || 'it says so')}`;
      return { kind: 'quota', message, ...(notice.resetAt === undefined ? {} : { resetAt: notice.resetAt }) };
    }
  }
  if (end.stopped !== undefined && end.stopped !== 'lingered')
    return { kind: 'stopped', message: stopText(end.stopped) };
  const code = ended === undefined ? undefined : adapter.exits?.[ended];
  if (asked !== undefined && bad && NO_SESSION.test(words)) return { kind: 'session', message: noSession(words) };
  if (bad && (progress.denied || code === 'auth' || isDenied(words))) {
    return { kind: 'auth', message: `it is not allowed to work: ${firstLine(words || 'it says so')}` };
  }
  if (error !== undefined) return { kind: code ?? 'crash', message: firstLine(error) };
  if (end.signal !== undefined && ended === undefined)
    return { kind: 'crash', message: `it was ended by ${end.signal}` };
  if (ended !== 0) {
    const kind = code ?? (ended === 2 || ended === 64 ? 'usage' : 'crash');
    const said = lastLine(end.stderrTail);
    return { kind, message: `it exited with code ${String(ended)}${said === '' ? '' : `: ${said}`}` };
  }
  if (progress.message.trim() === '' && progress.structured === undefined) {
    return { kind: 'empty', message: 'it exited with code 0 and has answered nothing' };
  }
  return undefined;
}

/** The line that says so: others may stand round it. */
function noSession(words: string): string {
  return firstLine(words.split('\n').find((line) => NO_SESSION.test(line)) ?? words);
}

/** Why a process is stopped that might end by itself: what it said before counts as if it had. */
const BY_ITSELF: ReadonlySet<string> = new Set(['lingered', 'stalled']);

function stopText(reason: NonNullable<TurnEnd['stopped']>): string {
  switch (reason) {
    case 'timeout':
    case 'max_duration':
      return 'it ran longer than it may, and was stopped';
    case 'stalled':
      return 'it printed nothing for longer than stall_timeout_sec, and was stopped';
    case 'budget':
      return 'it used up its budget, and was stopped';
    case 'output_cap':
      return 'it printed more than max_output_bytes, and was stopped';
    case 'canceled':
    case 'lingered':
      return 'it was stopped';
    default: {
      const never: never = reason;
      return String(never);
    }
  }
}

/** A JSON object that is the whole answer, or stands in its last fence. */
function jsonIn(text: string): Json | undefined {
  const fences = [...text.matchAll(/```(?:json)?\s*\n([\s\S]*?)\n\s*```/g)].map((match) => match[1]!);
  for (const candidate of [text, ...fences.toReversed()]) {
    try {
      const value: unknown = JSON.parse(candidate.trim());
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
    } catch {
      // Prose, then.
    }
  }
  return undefined;
}

function firstLine(text: string): string {
  return (text.trim().split('\n', 1)[0] ?? '').slice(0, MAX_MESSAGE);
}

function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(0, MAX_MESSAGE);
}
