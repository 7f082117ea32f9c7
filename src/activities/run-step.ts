import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Context, CancelledFailure, ApplicationFailure } from '@temporalio/activity';
import { readEnd, readTails, runProcess, SpawnError, type ProcessEnd, type ProcessSpec } from '../process/index.js';
import { stepAttemptDir } from '../records/paths.js';
import { invocation } from './invocation.js';
import { failStep, type StepFailure } from './step-failure.js';
import type { StepFacts, StepHeartbeat, StepSuccess, StepTask } from './types.js';

/** Milliseconds between heartbeats. A cancellation reaches a step with the answer to one. */
const HEARTBEAT_MS = 1000;

export interface RunStepDeps {
  /** Folder of orch's state. */
  stateDir: string;
  /** The worker's own environment, under everything else that a step sees. */
  env: Readonly<Record<string, string | undefined>>;
}

/** Makes the activity that runs one step. */
export function createRunStep(deps: RunStepDeps): (task: StepTask) => Promise<StepSuccess> {
  return async (task) => {
    const { info } = Context.current();
    const failures = (info.heartbeatDetails as StepHeartbeat | undefined)?.failures ?? 0;
    const losses = info.attempt - 1 - failures;
    if (losses > task.max_lost) {
      return failStep(task, failures, {
        reason: 'lost',
        message: `LostError: ${losses} workers were lost while they ran this step (max_lost is ${task.max_lost})`,
      });
    }
    return execute(deps, task, failures, info.attempt);
  };
}

async function execute(deps: RunStepDeps, task: StepTask, failures: number, attempt: number): Promise<StepSuccess> {
  const logDir = stepAttemptDir(deps.stateDir, task.run_id, task.step_id, attempt);
  const startedAt = Date.now();
  const began = performance.now();
  const facts = (end: ProcessEnd, spec: ProcessSpec): StepFacts => {
    const tails = readTails(spec.stdoutFile, spec.stderrFile);
    return {
      attempts: failures + 1,
      ...(end.exitCode === undefined ? {} : { exit_code: end.exitCode }),
      ...(end.signal === undefined ? {} : { signal: end.signal }),
      started_at: startedAt,
      duration_sec: Math.round(performance.now() - began) / 1000,
      stdout_tail: tails.stdout,
      stderr_tail: tails.stderr,
      log_dir: logDir,
    };
  };
  let spec: ProcessSpec;
  let end: ProcessEnd;
  try {
    mkdirSync(logDir, { recursive: true, mode: 0o700 });
    spec = processSpec(deps, task, failures + 1, logDir);
    end = await runWithHeartbeat(spec, failures);
  } catch (error) {
    return failStep(task, failures, notStarted(error, startedAt, logDir));
  }
  return conclude(task, failures, end, facts(end, spec));
}

function processSpec(deps: RunStepDeps, task: StepTask, execution: number, logDir: string): ProcessSpec {
  const own = {
    ORCH_RUN_ID: task.run_id,
    ORCH_STEP_ID: task.step_id,
    ORCH_ATTEMPT: String(execution),
    ORCH_IDEMPOTENCY_KEY: `${task.run_id}/${task.step_id}`,
  };
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...deps.env, ...task.env, ...own })) {
    if (value !== undefined) env[name] = value;
  }
  const cwd = path.resolve(...task.cwd);
  return {
    ...invocation(task.action),
    cwd,
    env,
    stdoutFile: path.join(logDir, 'stdout.log'),
    stderrFile: path.join(logDir, 'stderr.log'),
    graceMs: task.grace_sec * 1000,
    ...(task.timeout_sec === 'none' ? {} : { timeoutMs: task.timeout_sec * 1000 }),
  };
}

/** Runs the process and tells Temporal that it lives; a cancellation stops it. */
async function runWithHeartbeat(spec: ProcessSpec, failures: number): Promise<ProcessEnd> {
  const context = Context.current();
  let pid: number | undefined;
  const beat = (): void => {
    const { size, tail } = readEnd(spec.stdoutFile, 256);
    const lastLine = tail.trimEnd().split('\n').at(-1);
    context.heartbeat({ failures, pid, bytes: size, last_line: lastLine } satisfies StepHeartbeat);
  };
  const timer = setInterval(beat, HEARTBEAT_MS);
  try {
    return await runProcess(spec, { signal: context.cancellationSignal, onStart: (id) => (pid = id) });
  } finally {
    clearInterval(timer);
  }
}

function notStarted(error: unknown, startedAt: number, logDir: string): StepFailure {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const reason = error instanceof SpawnError || isSystemError(error) ? 'spawn_failed' : 'internal_error';
  return { reason, message, facts: { started_at: startedAt, log_dir: logDir } };
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function conclude(task: StepTask, failures: number, end: ProcessEnd, facts: StepFacts): StepSuccess {
  if (end.stopped === 'canceled') {
    if (Context.current().cancellationDetails?.cancelRequested)
      throw new CancelledFailure('The step was stopped', [facts]);
    throw ApplicationFailure.retryable('The worker stopped while it ran this step', 'WorkerStopped');
  }
  if (end.stopped === 'timeout') {
    const message = `TimeoutError: it ran longer than its timeout_sec of ${task.timeout_sec} and was stopped`;
    return failStep(task, failures, { reason: 'timeout', message, facts });
  }
  if (end.signal !== undefined) {
    return failStep(task, failures, { reason: 'signaled', message: `SignalError: ended by ${end.signal}`, facts });
  }
  const code = end.exitCode ?? 0;
  if (task.success_exit_codes.includes(code)) return { status: 'success', ...facts };
  if (task.warning_exit_codes.includes(code)) return { status: 'warning', ...facts };
  return failStep(task, failures, { reason: 'exit_non_zero', message: `ExitError: exited with code ${code}`, facts });
}
