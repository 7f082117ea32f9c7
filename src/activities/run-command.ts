import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Context } from '@temporalio/activity';
import { readEnd, readTails, runProcess, SpawnError, type ProcessEnd, type ProcessSpec } from '../process/index.js';
import { stepAttemptDir } from '../records/paths.js';
import { invocation } from './invocation.js';
import { limitOf, withHeartbeat, type Limit } from './limits.js';
import { collectOutputs } from './outputs.js';
import type { Execution, RunStepDeps } from './run-step.js';
import { failStep, stopped } from './step-failure.js';
import type { StepFacts, StepSuccess } from './types.js';

/** Runs a step's process to its end. */
export async function runCommand(deps: RunStepDeps, execution: Execution): Promise<StepSuccess> {
  const { task, attempt, startedAt } = execution;
  const logDir = stepAttemptDir(deps.stateDir, task.run_id, task.step_id, attempt);
  const limit = limitOf(execution);
  let spec: ProcessSpec;
  let end: ProcessEnd;
  try {
    mkdirSync(logDir, { recursive: true, mode: 0o700 });
    spec = processSpec(deps, execution, logDir, limit);
    end = await runWithHeartbeat(execution, spec);
  } catch (error) {
    return failStep(execution, { ...notStarted(error), facts: { started_at: startedAt, log_dir: logDir } });
  }
  return conclude(execution, end, factsOf(execution, end, spec, logDir), limit, spec);
}

function processSpec(deps: RunStepDeps, execution: Execution, logDir: string, limit: Limit | undefined): ProcessSpec {
  const { task, failures } = execution;
  if (task.action.type === 'http') throw new Error('Internal error: a call is no process');
  const own = {
    ORCH_RUN_ID: task.run_id,
    ORCH_STEP_ID: task.step_id,
    ORCH_ATTEMPT: String(failures + 1),
    ORCH_IDEMPOTENCY_KEY: `${task.run_id}/${task.step_id}`,
    ORCH_OUTPUT: outputFile(logDir),
  };
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...deps.env, ...task.env, ...own })) {
    if (value !== undefined) env[name] = value;
  }
  const { env: under, ...command } = invocation(task.action, env);
  return {
    ...command,
    cwd: path.resolve(...task.cwd),
    env: { ...under, ...env },
    stdoutFile: path.join(logDir, 'stdout.log'),
    stderrFile: path.join(logDir, 'stderr.log'),
    graceMs: task.grace_sec * 1000,
    ...(limit === undefined ? {} : { timeoutMs: limit.ms }),
  };
}

function outputFile(logDir: string): string {
  return path.join(logDir, 'output');
}

/** Runs the process and tells Temporal that it lives; a cancellation stops it. */
function runWithHeartbeat(execution: Execution, spec: ProcessSpec): Promise<ProcessEnd> {
  let pid: number | undefined;
  const progress = (): { pid?: number; bytes: number; last_line?: string } => {
    const { size, tail } = readEnd(spec.stdoutFile, 256);
    const lastLine = tail.trimEnd().split('\n').at(-1);
    return { bytes: size, ...(pid && { pid }), ...(lastLine && { last_line: lastLine }) };
  };
  return withHeartbeat(execution, progress, () =>
    runProcess(spec, { signal: Context.current().cancellationSignal, onStart: (id) => (pid = id) }),
  );
}

function factsOf({ failures, startedAt }: Execution, end: ProcessEnd, spec: ProcessSpec, logDir: string): StepFacts {
  const tails = readTails(spec.stdoutFile, spec.stderrFile);
  return {
    attempts: failures + 1,
    ...(end.exitCode === undefined ? {} : { exit_code: end.exitCode }),
    ...(end.signal === undefined ? {} : { signal: end.signal }),
    started_at: startedAt,
    duration_sec: (Date.now() - startedAt) / 1000,
    stdout_tail: tails.stdout,
    stderr_tail: tails.stderr,
    log_dir: logDir,
  };
}

function notStarted(error: unknown): { reason: 'spawn_failed' | 'internal_error'; message: string } {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const system = error instanceof SpawnError || (error instanceof Error && 'syscall' in error);
  return { reason: system ? 'spawn_failed' : 'internal_error', message };
}

function conclude(
  execution: Execution,
  end: ProcessEnd,
  known: StepFacts,
  limit: Limit | undefined,
  spec: ProcessSpec,
): StepSuccess {
  const { task } = execution;
  if (end.stopped === 'canceled') throw stopped(known);
  let facts = known;
  try {
    const file = outputFile(known.log_dir);
    if (task.outputs.length > 0) facts = { ...known, outputs: collectOutputs(file, spec.stdoutFile, task.outputs) };
  } catch (error) {
    return failStep(execution, { reason: 'output_invalid', message: String(error), facts });
  }
  if (end.stopped === 'timeout') {
    const message = `TimeoutError: it ran longer than its ${limit?.name} and was stopped`;
    return failStep(execution, { reason: 'timeout', message, facts });
  }
  if (end.signal !== undefined) {
    return failStep(execution, { reason: 'signaled', message: `SignalError: ended by ${end.signal}`, facts });
  }
  const code = end.exitCode ?? 0;
  if (task.success_exit_codes.includes(code)) return { status: 'success', ...facts };
  if (task.warning_exit_codes.includes(code)) return { status: 'warning', ...facts };
  return failStep(execution, { reason: 'exit_non_zero', message: `ExitError: exited with code ${code}`, facts });
}
