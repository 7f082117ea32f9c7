import path from 'node:path';
import { defined } from '../../basics/defined.js';
import { unreachable } from '../../basics/unreachable.js';
import type { StepFacts, StepTask } from '../../contract/step-task.js';
import { readTails, SpawnError, type DurableEnd, type Exited, type StopReason } from '../../process/index.js';
import { SecretError } from '../../secrets/index.js';
import type { Execution, StepFailure } from '../step/execution.js';
import type { Outcome } from '../step/outcome-file.js';
import type { OpenedTask } from '../step/task-secrets.js';
import { isSystemError, noteUnexpected } from '../step/unexpected.js';
import { fileContains } from './file-contains.js';
import { NotReadyError } from './not-ready.js';
import { InputError } from './refuse-nul.js';
import { collectOutputs } from './outputs.js';
import { SIGNAL_EXIT_CODE, summarise } from './summary.js';

/** A process that is no more. */
export type DurableOver = Exclude<DurableEnd, { kind: 'detached' }>;

export function outputFile(generationDir: string): string {
  return path.join(generationDir, 'output');
}

/** What there is to say of a process that is over, whatever it means. */
export function factsOf(execution: Execution, end: DurableOver, logDir: string): StepFacts {
  const tails = readTails(path.join(logDir, 'stdout.log'), path.join(logDir, 'stderr.log'));
  const known = end.kind === 'exited' ? end : undefined;
  return {
    attempts: execution.attempt,
    ...exitCodeOf(execution.task, known),
    ...defined({ signal: known?.signal }),
    started_at: known?.startedAt ?? execution.startedAt,
    duration_sec: (known?.durationMs ?? Date.now() - execution.startedAt) / 1000,
    stdout_tail: tails.stdout,
    stderr_tail: tails.stderr,
    log_dir: logDir,
  };
}

/** A step that is summed up has an exit code also where a signal ended it. */
function exitCodeOf({ summary }: StepTask, known: Exited | undefined): Pick<StepFacts, 'exit_code'> {
  if (known?.exitCode !== undefined) return { exit_code: known.exitCode };
  return summary !== undefined && known?.signal !== undefined ? { exit_code: SIGNAL_EXIT_CODE } : {};
}

/** A process that could not be started, or a bug. */
export function notStarted(error: unknown): StepFailure {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (error instanceof SecretError) return { reason: 'secret_unavailable', message };
  if (error instanceof InputError) return { reason: 'input_invalid', message, retryable: false };
  if (error instanceof NotReadyError) return { reason: error.reason, message, retryable: false };
  if (error instanceof SpawnError || isSystemError(error)) return { reason: 'spawn_failed', message };
  noteUnexpected(error);
  return { reason: 'internal_error', message, retryable: false };
}

/** What the end of a command means for its step. */
export function conclude({ task }: Execution, end: DurableOver, known: StepFacts, opened: OpenedTask): Outcome {
  if (end.stopped === 'canceled') return { kind: 'stopped', facts: known };
  if (end.kind === 'lost') return failed(lossOf(task, end, known, opened));
  if (end.kind === 'closed') return failed({ ...stopOf(task, end.stopped), facts: known });
  let facts = known;
  try {
    if (task.outputs.length > 0) facts = { ...known, outputs: outputsOf(end, known, task.outputs, opened) };
  } catch (error) {
    return failed({ reason: 'output_invalid', message: opened.redactor.text(String(error)), facts });
  }
  if (end.stopped !== undefined) return failed({ ...stopOf(task, end.stopped), facts });
  if (end.signal !== undefined) {
    const message = summarise(task, facts, false) ?? `SignalError: ended by ${end.signal}`;
    return failed({ reason: 'signaled', message, facts });
  }
  const code = end.exitCode ?? 0;
  const { expect } = task;
  if (expect !== undefined && 'contains' in expect) return found(expect.contains, code, facts);
  const status = task.success_exit_codes.includes(code) ? 'success' : 'warning';
  if (status === 'warning' && !task.warning_exit_codes.includes(code)) {
    const message = summarise(task, facts, false) ?? `ExitError: exited with code ${code}`;
    return failed({ reason: 'exit_non_zero', message, facts });
  }
  const message = summarise(task, facts, true);
  return { kind: 'success', result: { status, ...facts, ...defined({ message }) } };
}

/** A gate that looks for a text asks for no exit code. */
function found(text: string, code: number, facts: StepFacts): Outcome {
  const files = ['stdout.log', 'stderr.log'].map((name) => path.join(facts.log_dir, name));
  if (files.some((file) => fileContains(file, text)))
    return { kind: 'success', result: { status: 'success', ...facts } };
  const message = `ExpectError: its output does not contain ${JSON.stringify(text)} (it exited with code ${code})`;
  return failed({ reason: 'exit_non_zero', message, facts });
}

export function failed(failure: StepFailure): Outcome {
  return { kind: 'failed', failure };
}

function outputsOf(
  end: Exited,
  { log_dir }: StepFacts,
  wanted: readonly string[],
  { dataRedactor }: OpenedTask,
): NonNullable<StepFacts['outputs']> {
  const file = outputFile(path.dirname(end.stdoutFile));
  return dataRedactor.json(collectOutputs(file, path.join(log_dir, 'stdout.log'), wanted));
}

/** The words for a process that was stopped. */
export function stopOf(task: StepTask, reason: StopReason): Pick<StepFailure, 'reason' | 'message'> {
  switch (reason) {
    case 'timeout':
      return {
        reason: 'timeout',
        message: `TimeoutError: it ran longer than its timeout_sec of ${task.timeout_sec} and was stopped`,
      };
    case 'max_duration':
      return {
        reason: 'timeout',
        message: `TimeoutError: it ran longer than its max_step_duration_sec of ${task.max_duration_sec} and was stopped`,
      };
    case 'output_cap':
      return {
        reason: 'output_cap',
        message: `OutputCapError: it wrote more than its max_output_bytes of ${task.max_output_bytes} and was stopped`,
      };
    case 'stalled':
    case 'lingered':
    case 'budget':
    case 'canceled':
      return { reason: 'lost', message: 'LostError: it was stopped from outside' };
    default:
      return unreachable(reason);
  }
}

function lossOf(
  task: StepTask,
  end: Extract<DurableEnd, { kind: 'lost' }>,
  facts: StepFacts,
  { withheld: noSecrets }: OpenedTask,
): StepFailure {
  if (end.stopped !== undefined) return { ...stopOf(task, end.stopped), facts };
  const times = end.generation === 0 ? 'once' : `${end.generation + 1} times`;
  const why =
    task.run_once === true
      ? 'run_once forbids another start'
      : noSecrets === true
        ? 'its secrets are not available for another start'
        : `max_lost is ${task.max_lost}`;
  return {
    reason: 'lost',
    message: `LostError: its process was killed, or its host went down, ${times}; ${why}`,
    facts,
  };
}
