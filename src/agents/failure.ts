import { isDenied, quotaIn } from './quota.js';
import { type Adapter, type TurnProgress } from './types.js';
import type { TurnFaultKind } from '../plan/model/turn-end.js';
import { defined } from '../basics/defined.js';

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
  kind: TurnFaultKind;
  message: string;
  resetAt?: number;
}

/** What must be known to tell why a turn failed. */
export interface FailureFacts {
  /** The session that it was to go on with. */
  asked?: string;
  /** Milliseconds since the epoch. */
  now: number;
  adapter: Pick<Adapter, 'tellsEnd' | 'exits' | 'plainText'>;
  /** Whether it has given a verdict. */
  hasVerdict: boolean;
}

const MAX_MESSAGE = 500;
const NO_SESSION =
  /no (?:conversation|session|thread|rollout)[^\n]*found|session not found|thread\/(?:resume|read)[^\n]*(?:not found|not loaded)|invalid session identifier/i;
/** The session has grown too long: what is said in it next is refused as well. */
const TOO_LONG =
  /prompt is too long|ran out of room in the (?:model['’]s )?context|context[_ ](?:length|window)[_ ](?:is )?exceeded|(?:exceed(?:s|ed)?|maximum|over)[^\n]{0,40}context (?:length|window|limit)|(?:input|conversation|context) (?:is )?too (?:long|large)/i;
/** Why a process is stopped that might end by itself: what it said before counts as if it had. */
const BY_ITSELF: ReadonlySet<string> = new Set(['lingered', 'stalled']);

/**
 * Says why a turn is no answer; undefined where it may be one.
 *
 * What the agent itself gives as its error counts alone. Without one the end of stderr may say why, and of an agent that
 * has given neither a verdict nor a result, and nothing on stderr, the end of what it printed.
 */
export function failureOf(progress: TurnProgress, end: TurnEnd, facts: FailureFacts): TurnFailure | undefined {
  const { error } = progress;
  const { adapter } = facts;
  const ended = end.stopped === 'lingered' ? 0 : end.exitCode;
  const bad = ended !== 0 || error !== undefined || end.stopped === 'stalled';
  const lost = sessionFailure(progress, end, bad, facts);
  if (lost?.by === 'id') return lost.failure;
  const quota = quotaFailure(progress, end, bad, facts);
  if (quota !== undefined) return quota;
  if (end.stopped !== undefined && end.stopped !== 'lingered')
    return { kind: 'stopped', message: stopText(end.stopped) };
  if (lost !== undefined) return lost.failure;
  const code = ended === undefined ? undefined : adapter.exits?.[ended];
  const words = error ?? (isAnswered(progress, facts) ? '' : end.stderrTail.trim());
  if (bad && (progress.denied || code === 'auth' || isDenied(words))) {
    return { kind: 'auth', message: `it is not authorized: ${firstLine(words || 'it says so')}` };
  }
  if (error !== undefined) return { kind: code ?? 'crash', message: firstLine(error) };
  if (end.signal !== undefined && ended === undefined)
    return { kind: 'crash', message: `it was ended by ${end.signal}` };
  if (ended !== 0) {
    const kind = code ?? (ended === 2 || ended === 64 ? 'usage' : 'crash');
    const said = lastLine(end.stderrTail);
    return { kind, message: `it exited with code ${String(ended)}${said === '' ? '' : `: ${said}`}` };
  }
  if (isEmpty(progress)) return { kind: 'empty', message: 'it exited with code 0 without an answer' };
  return undefined;
}

/** A session that cannot go on, as its id says or as the agent says. */
interface SessionFailure {
  by: 'id' | 'words';
  failure: TurnFailure;
}

function sessionOver(by: SessionFailure['by'], message: string): SessionFailure {
  return { by, failure: { kind: 'session', message } };
}

/** A session that is not there, that is another one, that is too long, or in which nothing happens. */
function sessionFailure(
  progress: TurnProgress,
  end: TurnEnd,
  bad: boolean,
  { asked, adapter }: FailureFacts,
): SessionFailure | undefined {
  const { error, sessionId } = progress;
  if (asked !== undefined && sessionId !== undefined && sessionId !== asked) {
    const message = `it continued the session ${sessionId} instead of ${asked}`;
    return sessionOver('id', message);
  }
  const words = error ?? end.stderrTail;
  if (bad && asked !== undefined && (error !== undefined || sessionId === undefined) && NO_SESSION.test(words)) {
    return sessionOver('words', lineWith(NO_SESSION, words));
  }
  if (bad && TOO_LONG.test(error ?? lastLine(end.stderrTail))) return sessionOver('words', lineWith(TOO_LONG, words));
  const nothing = isEmpty(progress) && progress.toolCalls === 0 && progress.error === undefined;
  if (asked !== undefined && adapter.tellsEnd && !progress.final && nothing && end.exitCode === 0) {
    return sessionOver('words', `it did nothing in the session ${asked}`);
  }
  return undefined;
}

function quotaFailure(
  progress: TurnProgress,
  end: TurnEnd,
  bad: boolean,
  facts: FailureFacts,
): TurnFailure | undefined {
  const { error, quota } = progress;
  if (end.stopped !== undefined && !BY_ITSELF.has(end.stopped)) return undefined;
  const words = complaintOf(progress, end, facts);
  const notice = quota ?? (bad || isEmpty(progress) ? quotaIn(words, facts.now) : undefined);
  if (notice === undefined) return undefined;
  const resetAt = notice.resetAt ?? (error === undefined ? undefined : quotaIn(error, facts.now)?.resetAt);
  const message = `it is out of quota: ${firstLine(words || 'it says so')}`;
  return { kind: 'quota', message, ...defined({ resetAt }) };
}

/** What an agent gives as the reason of a bad end: never its answer. */
function complaintOf(progress: TurnProgress, end: TurnEnd, facts: FailureFacts): string {
  if (progress.error !== undefined) return progress.error;
  if (isAnswered(progress, facts)) return '';
  return lastLine(end.stderrTail) || (facts.adapter.plainText ? lastLine(progress.message) : '');
}

function isAnswered(progress: TurnProgress, { hasVerdict }: FailureFacts): boolean {
  return hasVerdict || progress.structured !== undefined || (progress.final && progress.message.trim() !== '');
}

function isEmpty({ message, structured }: TurnProgress): boolean {
  return message.trim() === '' && structured === undefined;
}

function stopText(reason: NonNullable<TurnEnd['stopped']>): string {
  switch (reason) {
    case 'timeout':
    case 'max_duration':
      return 'it exceeded its time limit and was stopped';
    case 'stalled':
      return 'it printed nothing for longer than stall_timeout_sec and was stopped';
    case 'budget':
      return 'it used up its budget and was stopped';
    case 'output_cap':
      return 'it printed more than max_output_bytes and was stopped';
    case 'canceled':
    case 'lingered':
      return 'it was stopped';
    default:
      return reason satisfies never;
  }
}

/** The line that says so: others may stand round it. */
function lineWith(pattern: RegExp, text: string): string {
  return firstLine(text.split('\n').find((line) => pattern.test(line)) ?? text);
}

/** The first line of a text, as much of it as a message takes. */
export function firstLine(text: string): string {
  return (text.trim().split('\n', 1)[0] ?? '').slice(0, MAX_MESSAGE);
}

function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(0, MAX_MESSAGE);
}
