import { parseExactJson } from '../plan/document/exact-json.js';
import type { Json } from '../plan/model/values.js';
import { failureOf, firstLine, type TurnEnd, type TurnFailure } from './failure.js';
import { resetTimeIn } from './reset-time.js';
import { isOver, type Adapter, type TurnProgress } from './types.js';
import type { FileVerdict } from './verdict-file.js';
import { verdictIn, verdictOfAnswer, type SaidVerdict, type Verdict } from './verdict.js';
import { defined } from '../basics/defined.js';

/** What a turn came to: a verdict, or why there is none. */
export interface TurnOutcome {
  verdict?: Verdict;
  note?: string;
  failure?: TurnFailure;
  structured?: Json;
}

/** What is known beside the output of an agent. */
export interface TurnCircumstances {
  /** The verdict of a file beside the output. */
  file?: FileVerdict;
  /** Whether that file was written by a script round the agent, which may have misread its answer. */
  fileIsGuess?: boolean;
  /** Whether the files that the step was to make are there, and have changed. */
  evidence: boolean;
  /** The session that it was to go on with. */
  asked?: string;
  /** Milliseconds since the epoch. */
  now: number;
  wantsJson: boolean;
  /** Whether its prompt asked for a verdict. */
  wantsVerdict: boolean;
  /** Whether a verdict of failure speaks of what it has looked at: then its turn went well. */
  ofWork?: boolean;
  /** Whether it may only read: then it is normal that something is refused. */
  readOnly: boolean;
  adapter: Pick<Adapter, 'tellsEnd' | 'exits' | 'plainText'>;
}

/**
 * Says what a turn came to.
 *
 * A verdict file counts before a structured answer, that before the last verdict in the text, that before the exit
 * code. Success is a claim: whatever makes it doubtful turns it into a warning, wherever it was made. An agent that exits with 0 and has said
 * nothing has not answered.
 *
 * @param said what else there is to know, beside what it printed
 */
export function concludeTurn(progress: TurnProgress, end: TurnEnd, said: TurnCircumstances): TurnOutcome {
  const outcome = conclude(progress, end, said);
  const { verdict, note } = outcome;
  if (said.ofWork !== true || (verdict !== 'fail' && verdict !== 'error')) return outcome;
  const doubts = doubtsOf(progress, said);
  const words = `it says ${verdict} of the work${note === undefined ? '' : `: ${note}`}`;
  return { ...outcome, verdict: doubts.length === 0 ? 'pass' : 'warn', note: [...doubts, words].join('; ') };
}

function conclude(progress: TurnProgress, end: TurnEnd, said: TurnCircumstances): TurnOutcome {
  const structured = progress.structured ?? (said.wantsJson ? jsonIn(progress.message) : undefined);
  const answer = defined({ structured });
  if (end.lost) return { failure: { kind: 'stopped', message: 'its process was killed, or its host went down' } };
  const own = verdictOfAnswer(structured) ?? verdictIn(progress.message) ?? jsonVerdict(progress, said);
  const failure = failureOf(progress, end, { ...said, hasVerdict: own !== undefined });
  // A quota that ends in the middle leaves half-done work, whatever was said before.
  if (failure?.kind === 'quota' || failure?.kind === 'session') return { failure, ...answer };
  if (said.file?.verdict === 'retry') return { failure: retryOf(said.file, end, said), ...answer };
  const told = toldBy(said, own, failure);
  if (told !== undefined) return { ...doubted(told, progress, said), ...answer };
  if (failure !== undefined) return { ...afterFailure(failure, progress, said, own), ...answer };
  if (said.adapter.tellsEnd && !progress.final && own === undefined) {
    const message = 'it exited with code 0 before its turn had ended';
    return { failure: { kind: 'crash', message: withLines(message, progress) } };
  }
  if (said.wantsJson && structured === undefined && (own === undefined || own.verdict === 'pass')) {
    return { failure: { kind: 'empty', message: 'its answer is not a JSON object, as output_schema requires' } };
  }
  return { ...doubted(own, progress, said), ...answer };
}

/** It may have answered and then hung, or crashed on its way out. */
function afterFailure(
  failure: TurnFailure,
  progress: TurnProgress,
  said: TurnCircumstances,
  own: SaidVerdict | undefined,
): TurnOutcome {
  const { kind, message } = failure;
  const isEnd = kind === 'stopped' || kind === 'crash' || kind === 'usage';
  if (own !== undefined && progress.final && isEnd) return doubted(own, progress, said);
  const hasAnswer = isOver(progress) && progress.error === undefined && progress.message.trim() !== '';
  if (isEnd && hasAnswer) return { verdict: 'warn', note: `it answered, and then ${message}` };
  if (said.evidence && (kind === 'stopped' || kind === 'crash')) {
    return { verdict: 'warn', note: `${message}, but the declared files are there and have changed` };
  }
  return { failure: { ...failure, message: withLines(message, progress) } };
}

/** A pass of which something speaks against it is a warning; so is one that was asked for, and not given. */
function doubted(own: SaidVerdict | undefined, progress: TurnProgress, said: TurnCircumstances): SaidVerdict {
  if (own !== undefined && own.verdict !== 'pass') return own;
  const doubts = [...doubtsOf(progress, said), ...(own === undefined ? missingOf(progress, said) : [])];
  if (doubts.length === 0) return own ?? { verdict: 'pass' };
  const note = own?.note === undefined ? '' : ` (it says: ${own.note})`;
  return { verdict: 'warn', note: `${doubts.join('; ')}${note}` };
}

function doubtsOf(progress: TurnProgress, { readOnly, adapter }: TurnCircumstances): string[] {
  const { error, refused = [], doubts = [], pending, lostEvents = 0 } = progress;
  const left = pending?.size ?? 0;
  return [
    ...(error === undefined ? [] : [`it reported an error: ${firstLine(error)}`]),
    ...(adapter.tellsEnd && !progress.final ? ['it ended before its turn had'] : []),
    ...(refused.length === 0 || readOnly ? [] : [`it was not allowed to use ${refused.join(', ')}`]),
    ...doubts,
    ...(left === 0 ? [] : [`${left} background ${left === 1 ? 'task' : 'tasks'} had not ended`]),
    ...(lostEvents === 0 ? [] : [linesText(progress)]),
  ];
}

/** Answers of an agent that has found nothing to do: its prompt did not reach it. */
const NO_TASK =
  /^(?:hi\b.{0,20}|hello\b.{0,20}|i['’]m sorry.{0,10})?\s*(?:i (?:don['’]t|do not|can['’]t|cannot) see (?:a|any|your)\b.{0,40}\b(?:request|question|message|task|instructions?|prompt)|(?:it (?:looks|seems) like )?(?:your|the) (?:message|prompt|request)[\w ]{0,30}(?:is|was|came through|appears to be) (?:empty|blank)|(?:what|how) (?:would you like|can i|may i) )/i;

function missingOf(progress: TurnProgress, { wantsVerdict, wantsJson }: TurnCircumstances): string[] {
  if (progress.toolCalls === 0 && progress.message.length < 1000 && NO_TASK.test(progress.message.trim())) {
    return [`it did not see the task: ${firstLine(progress.message)}`];
  }
  return wantsVerdict && !wantsJson ? ['it was asked for a verdict but gave none'] : [];
}

const RANK: Readonly<Record<Verdict, number>> = { pass: 0, warn: 1, question: 2, escalated: 2, fail: 2, error: 2 };

/** What the file says. A script that knows few words may have taken a failure for a pass: then the answer counts more. */
function toldBy(
  { file, fileIsGuess = false }: TurnCircumstances,
  own: SaidVerdict | undefined,
  failure: TurnFailure | undefined,
): SaidVerdict | undefined {
  if (file === undefined || file.verdict === 'retry') return undefined;
  const { unsure = false, ...known } = file;
  if (unsure && failure !== undefined) return undefined;
  return (fileIsGuess || unsure) && own !== undefined && RANK[own.verdict] > RANK[known.verdict] ? own : known;
}

function retryOf({ note }: FileVerdict, { stderrTail }: TurnEnd, { now }: TurnCircumstances): TurnFailure {
  const resetAt = resetTimeIn(stderrTail.trim().split('\n').at(-1) ?? '', now);
  const message = `it is out of quota: ${note ?? 'its verdict file says so'}`;
  return { kind: 'quota', message, ...defined({ resetAt }) };
}

/** An answer that is nothing but a JSON object may have its verdict there, also where nobody asked for JSON. */
function jsonVerdict({ message }: TurnProgress, { wantsVerdict }: TurnCircumstances): SaidVerdict | undefined {
  return wantsVerdict && message.includes('verdict') ? verdictOfAnswer(jsonIn(message)) : undefined;
}

function withLines(message: string, progress: TurnProgress): string {
  return progress.badLines === 0 ? message : `${message}; ${linesText(progress)}`;
}

function linesText({ badLines, badLine = '' }: TurnProgress): string {
  const lines = badLines === 1 ? '1 line' : `${badLines} lines`;
  return `${lines} of its output could not be read as events${badLines === 1 ? '' : ', the last of them'}: ${badLine}`;
}

/** A JSON object that is the whole answer, or stands in its last fence. */
function jsonIn(text: string): Json | undefined {
  const fences = [...text.matchAll(/```(?:json)?\s*\n([\s\S]*?)\n\s*```/g)].map((match) => match[1]!);
  for (const candidate of [text, ...fences.toReversed()]) {
    try {
      const value: unknown = parseExactJson(candidate.trim());
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
    } catch {
      // Prose, then.
    }
  }
  return undefined;
}
