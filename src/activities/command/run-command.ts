import { readdirSync, rmSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { hasRoom, isDiskFull } from '../../host/disk-room.js';
import { Context } from '@temporalio/activity';
import { withoutCallVariables } from '../../host/lasting-variables.js';
import {
  endLeftovers,
  inspectTry,
  readEnd,
  runDurable,
  type DurableEnd,
  type DurableSpec,
  type Started,
  type StopReason,
} from '../../process/index.js';
import { stepAttemptDir } from '../../records/paths.js';
import { SecretError } from '../../secrets/index.js';
import { diskFull } from '../step/disk-full.js';
import type { Execution, RunStepDeps } from '../step/execution.js';
import { withHeartbeat } from '../step/heartbeat.js';
import { invocation, type Invocation } from './invocation.js';
import { durableLimits } from '../step/limits.js';
import { keepOutcome, readOutcome, type Outcome } from '../step/outcome-file.js';
import { conclude, factsOf, failed, notStarted, outputFile, stopOf, type DurableOver } from './outcome.js';
import { refuseNul } from './refuse-nul.js';
import { ownVariables } from './own-variables.js';
import { detached, failStep, isWantedStop, stopped } from '../step/step-failure.js';
import { followStreams, type StepLogs } from './step-logs.js';
import { stopSignals, type StopSignals } from '../step/stop-signals.js';
import { openTask, withheld, type OpenedTask } from '../step/task-secrets.js';
import { ownerOf, tryDirOf } from '../step/try-folder.js';
import type { StepFacts, StepHeartbeat, StepSuccess, StepTask } from '../../contract/step-task.js';
import { unreachable } from '../../basics/unreachable.js';

/** How long servers that an agent has left behind may take to see that it is gone, and then to end. */
const LEFTOVERS = { graceMs: 5_000, killMs: 5_000 };

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

/** How a process is waited for. */
interface Attendance {
  signals: StopSignals;
  /** Waits, and meanwhile tells whoever wants to know what `progress` says. */
  beating<T>(progress: () => ProcessProgress, run: () => Promise<T>): Promise<T>;
}

type ProcessProgress = Omit<StepHeartbeat, 'failures' | 'first_started_at'>;

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
  const attendance = (): Attendance => ({
    signals: stopSignals(deps, execution),
    beating: (progress, run) => withHeartbeat(execution, progress, run),
  });
  const ended = readOutcome(tryDir) ?? (await runToOutcome(deps, execution, tryDir, attendance, prepare));
  if (ended === undefined) throw detached(execution);
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

/**
 * Runs a step's process, or goes on with it, until `letGo`: then it runs on, and whoever comes with the same try finds it.
 *
 * @returns undefined where it runs on
 */
export async function runForAWhile(
  deps: RunStepDeps,
  execution: Execution,
  letGo: AbortSignal,
): Promise<Outcome | undefined> {
  const tryDir = tryDirOf(deps.stateDir, execution);
  const never = new AbortController().signal;
  const attendance = (): Attendance => ({
    signals: { cancel: never, detach: letGo, stop() {}, close() {} },
    beating: (_, run) => run(),
  });
  return readOutcome(tryDir) ?? runToOutcome(deps, execution, tryDir, attendance, undefined);
}

/** @returns undefined where the process runs on without this worker */
async function runToOutcome(
  deps: RunStepDeps,
  execution: Execution,
  tryDir: string,
  attendance: () => Attendance,
  prepare: (() => Promise<ProcessJob>) | undefined,
): Promise<Outcome | undefined> {
  const { task, attempt, startedAt } = execution;
  const logDir = stepAttemptDir(deps.stateDir, task.run_id, task.step_id, attempt);
  const logs = followStreams(logDir);
  let opened: OpenedTask;
  let end: DurableEnd;
  let job: ProcessJob | undefined;
  try {
    opened = await open(deps, execution, tryDir);
    logs.redactWith(opened.redactor);
    refuseNul(opened.task);
    job = await prepare?.();
    const spec = durableSpec(deps, execution, opened, tryDir, job);
    end = await attended(attendance(), spec, logs, { job, opened });
  } catch (error) {
    if (isDiskFull(error)) throw diskFull(deps, execution);
    return failed({ ...notStarted(error), facts: { started_at: startedAt, log_dir: logDir } });
  }
  if (end.kind === 'detached') return undefined;
  const whole = await logs.finish(end.kind === 'exited' ? end.startedAt + end.durationMs : undefined);
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
  if ('stdoutFile' in end && keepOutcome(tryDir, outcome)) removeStreams(end);
  return outcome;
}

/** Removes what nobody reads any more of a process that has ended. A step may have made a folder of its output file. */
function removeStreams({ stdoutFile, stderrFile }: { stdoutFile: string; stderrFile: string }): void {
  const dir = path.dirname(stdoutFile);
  const own = [stdoutFile, stderrFile, outputFile(dir)].map((file) => path.basename(file));
  const names = new Set([...own, 'in', 'out.pipe', 'err.pipe']);
  for (const name of namesIn(dir)) {
    if (!names.has(name)) continue;
    const file = path.join(dir, name);
    try {
      unlinkSync(file);
    } catch {
      rmSync(file, { force: true, recursive: true });
    }
  }
}

/** None where the folder has been swept away. */
function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
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

/** Runs the process while somebody waits for it. */
async function attended(
  attendance: Attendance,
  spec: DurableSpec,
  logs: StepLogs,
  { job, opened }: { job: ProcessJob | undefined; opened: OpenedTask },
): Promise<DurableEnd> {
  const { signals } = attendance;
  let pid: number | undefined;
  let stdoutFile: string | undefined;
  const progress = (): ProcessProgress => {
    const bytes = stdoutFile === undefined ? 0 : readEnd(stdoutFile, 0).size;
    const lastLine = job === undefined ? logs.lastLine() : undefined;
    return { bytes, ...(pid && { pid }), ...(lastLine && { last_line: lastLine }), ...job?.progress() };
  };
  let unwatch: (() => void) | undefined;
  try {
    return await attendance.beating(progress, async () => {
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
