import { rmSync } from 'node:fs';
import path from 'node:path';
import { hasRoom, isDiskFull } from '../../host/disk-room.js';
import { Context } from '@temporalio/activity';
import { withoutCallVariables } from '../../host/lasting-variables.js';
import {
  endLeftovers,
  inspectTry,
  readEnd,
  readTails,
  runDurable,
  SpawnError,
  type DurableEnd,
  type DurableSpec,
  type Exited,
  type Started,
  type StopReason,
} from '../../process/index.js';
import { stepAttemptDir } from '../../records/paths.js';
import { SecretError } from '../../secrets/index.js';
import { diskFull } from '../step/disk-full.js';
import type { Execution, RunStepDeps, StepFailure } from '../step/execution.js';
import { withHeartbeat } from '../step/heartbeat.js';
import { invocation, type Invocation } from './invocation.js';
import { durableLimits } from '../step/limits.js';
import { keepOutcome, readOutcome, type Outcome } from '../step/outcome-file.js';
import { fileContains } from './file-contains.js';
import { collectOutputs } from './outputs.js';
import { ownVariables } from './own-variables.js';
import { detached, failStep, isWantedStop, stopped } from '../step/step-failure.js';
import { followStreams, type StepLogs } from './step-logs.js';
import { stopSignals } from '../step/stop-signals.js';
import { SIGNAL_EXIT_CODE, summarise } from './summary.js';
import { openTask, withheld, type OpenedTask } from '../step/task-secrets.js';
import { ownerOf, tryDirOf } from '../step/try-folder.js';
import type { StepFacts, StepHeartbeat, StepSuccess, StepTask } from '../../contract/step-task.js';
import { isSystemError, noteUnexpected } from '../step/unexpected.js';
import { defined } from '../../basics/defined.js';
import { unreachable } from '../../basics/unreachable.js';

/** How long servers that an agent has left behind may take to see that it is gone, and then to end. */
const LEFTOVERS = { graceMs: 5_000, killMs: 5_000 };

/** A process that is no more. */
export type DurableOver = Exclude<DurableEnd, { kind: 'detached' }>;

/** What a kind of step that is more than a command makes of its process. */
export interface ProcessJob {
  /** What to execute, and where. */
  invocation(env: Readonly<Record<string, string>>): Invocation & { cwd?: string };
  /** Looks on from the start, or from when the process was found. @returns what ends that */
  watch(started: Started, redact: (text: string) => string, stop: (reason: StopReason) => void): () => void;
  /** What it does, for people who watch. */
  progress(): Pick<StepHeartbeat, 'last_line' | 'tokens' | 'tool_calls'>;
  /** Whether what it leaves running goes with it. */
  endsLeftovers: boolean;
  /** What the end means. */
  conclude(end: DurableOver, facts: StepFacts, opened: OpenedTask): Promise<Outcome>;
}

/**
 * Runs a step's process to its end, or goes on with one that a worker before this one has started.
 *
 * @param prepare makes ready what a job needs, unless the try has ended before
 */
export async function runCommand(
  deps: RunStepDeps,
  execution: Execution,
  prepare?: () => Promise<ProcessJob>,
): Promise<StepSuccess> {
  const tryDir = tryDirOf(deps.stateDir, execution);
  const ended = readOutcome(tryDir) ?? (await runToOutcome(deps, execution, tryDir, prepare));
  switch (ended.kind) {
    case 'success':
      return ended.result;
    case 'failed':
      return failStep(execution, ended.failure);
    case 'stopped':
      if (isWantedStop()) throw stopped(execution, ended.facts);
      return failStep(execution, { ...stopOf(execution.task, 'canceled'), facts: ended.facts });
    default:
      return unreachable(ended);
  }
}

async function runToOutcome(
  deps: RunStepDeps,
  execution: Execution,
  tryDir: string,
  prepare: (() => Promise<ProcessJob>) | undefined,
): Promise<Outcome> {
  const { task, attempt, startedAt } = execution;
  const logDir = stepAttemptDir(deps.stateDir, task.run_id, task.step_id, attempt);
  const logs = followStreams(logDir);
  let opened: OpenedTask;
  let end: DurableEnd;
  let job: ProcessJob | undefined;
  try {
    opened = await open(deps, execution, tryDir);
    logs.redactWith(opened.redactor);
    job = await prepare?.();
    const spec = durableSpec(deps, execution, opened, tryDir, job);
    end = await runWithHeartbeat(deps, execution, spec, logs, { job, opened });
  } catch (error) {
    if (isDiskFull(error)) throw diskFull(deps, execution);
    return failed({ ...notStarted(error), facts: { started_at: startedAt, log_dir: logDir } });
  }
  if (end.kind === 'detached') throw detached(execution);
  const whole = await logs.finish();
  // The process has ended, and its raw output is there: what is to be made of it has time until there is room.
  if (!whole && readsLogs(task) && !hasRoom(deps.stateDir)) throw diskFull(deps, execution);
  const facts = { ...factsOf(execution, end, logDir), ...(whole ? {} : { log_incomplete: true as const }) };
  const own = (await job?.conclude(end, facts, opened)) ?? conclude(execution, end, facts, opened);
  // After an outage of the service two attempts may wait for one process. Who concludes first removes its files, so
  // what the other one made of them does not count.
  const outcome = readOutcome(tryDir) ?? own;
  if (outcome !== own) return outcome;
  // From here on the outcome is known to whoever asks again, should this report get lost. What stays for people is in
  // the run's folder, without secrets.
  if ('stdoutFile' in end && keepOutcome(tryDir, outcome)) {
    const dir = path.dirname(end.stdoutFile);
    const raw = [end.stdoutFile, end.stderrFile, path.join(dir, 'in'), outputFile(dir)];
    for (const file of raw) rmSync(file, { force: true, recursive: true });
  }
  return outcome;
}

/** Whether more hangs on the logs of a step than that people can read them. */
function readsLogs({ outputs, expect }: StepTask): boolean {
  return outputs.includes('stdout') || (expect !== undefined && 'contains' in expect);
}

/** Finds the secrets. A process that runs already needs none; without them nothing that it prints can be shown. */
async function open(deps: RunStepDeps, execution: Execution, tryDir: string): Promise<OpenedTask> {
  const { task } = execution;
  try {
    return await openTask(task, {
      env: deps.env,
      cwd: path.resolve(task.cwd[0] ?? '.'),
      signal: Context.current().cancellationSignal,
    });
  } catch (error) {
    const { status } = inspectTry(tryDir);
    if (!(error instanceof SecretError) || status === 'absent' || status === 'unclaimed') throw error;
    return withheld(task, error);
  }
}

function durableSpec(
  deps: RunStepDeps,
  execution: Execution,
  opened: OpenedTask,
  tryDir: string,
  job: ProcessJob | undefined,
): DurableSpec {
  const { task } = opened;
  const { own, aliases } = ownVariables(deps.stateDir, execution.attempt, task);
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...withoutCallVariables(deps.env), ...aliases, ...task.env, ...own })) {
    if (value !== undefined) env[name] = value;
  }
  const { env: under, over, ...command } = job?.invocation(env) ?? commandOf(task, env);
  return {
    cwd: path.resolve(...task.cwd),
    ...command,
    env: { ...under, ...env, ...over },
    generationEnv: (dir) => ({ ORCH_OUTPUT: outputFile(dir) }),
    tryDir,
    owner: ownerOf(execution, deps.service),
    graceMs: task.grace_sec * 1000,
    maxOutputBytes: task.max_output_bytes,
    // Without its secrets it cannot be started once more.
    runOnce: task.run_once === true || opened.withheld === true,
    maxLost: task.max_lost,
    ...durableLimits(execution),
  };
}

function commandOf(task: StepTask, env: Record<string, string>): Invocation {
  if (task.action.type === 'http' || task.action.type === 'agent')
    throw new Error('Internal error: it is not a command');
  return invocation(task.action, env);
}

function outputFile(generationDir: string): string {
  return path.join(generationDir, 'output');
}

/** Runs the process and tells Temporal that it lives; a cancellation stops it, the end of the worker leaves it alone. */
async function runWithHeartbeat(
  deps: RunStepDeps,
  execution: Execution,
  spec: DurableSpec,
  logs: StepLogs,
  { job, opened }: { job: ProcessJob | undefined; opened: OpenedTask },
): Promise<DurableEnd> {
  let pid: number | undefined;
  let stdoutFile: string | undefined;
  const progress = (): Omit<StepHeartbeat, 'failures' | 'first_started_at'> => {
    const bytes = stdoutFile === undefined ? 0 : readEnd(stdoutFile, 0).size;
    const lastLine = job === undefined ? logs.lastLine() : undefined;
    return { bytes, ...(pid && { pid }), ...(lastLine && { last_line: lastLine }), ...job?.progress() };
  };
  const signals = stopSignals(deps, execution);
  let unwatch: (() => void) | undefined;
  try {
    return await withHeartbeat(execution, progress, async () => {
      const end = await runDurable(spec, {
        ...signals,
        onStart(started) {
          ({ pid, stdoutFile } = started);
          logs.follow(started);
          unwatch?.();
          unwatch = job?.watch(started, (text) => opened.redactor.text(text), signals.stop);
        },
      });
      unwatch?.();
      unwatch = undefined;
      if (job?.endsLeftovers !== true || end.kind !== 'exited' || end.stopped !== undefined) return end;
      const limits = { ...LEFTOVERS, hurry: signals.cancel, detach: signals.detach };
      const ended = await endLeftovers(spec.tryDir, end.generation, limits);
      return ended ? end : { kind: 'detached', generation: end.generation };
    });
  } finally {
    unwatch?.();
    signals.close();
  }
}

function factsOf(execution: Execution, end: DurableOver, logDir: string): StepFacts {
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

function notStarted(error: unknown): StepFailure {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (error instanceof SecretError) return { reason: 'secret_unavailable', message };
  if (error instanceof SpawnError || isSystemError(error)) return { reason: 'spawn_failed', message };
  noteUnexpected(error);
  return { reason: 'internal_error', message, retryable: false };
}

function conclude({ task }: Execution, end: DurableOver, known: StepFacts, opened: OpenedTask): Outcome {
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

function failed(failure: StepFailure): Outcome {
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

function stopOf(task: StepTask, reason: StopReason): Pick<StepFailure, 'reason' | 'message'> {
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
