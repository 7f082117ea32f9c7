import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { begunSection } from '../../agents/index.js';
import { runDir, stepAttemptDir } from '../../records/paths.js';
import { createRunStep } from '../dispatch/run-step.js';
import type { StepHeartbeat, StepTask } from '../../contract/step-task.js';
import type { RunStepDeps } from '../step/execution.js';
import { refuseOtherBranch } from './repository.js';
import { exitRequest, exportState, refuseAhead } from './state-export.js';
import { TurnRefused, turnFailure } from './turn-failure.js';
import type { TurnSuccess, TurnTask } from '../../contract/loop-turn.js';
import { defined } from '../../basics/defined.js';

/** Longest prompt. Bytes. */
const MAX_PROMPT_BYTES = 1024 * 1024;
/** Log of a loop's decisions, in its folder. */
const LOOP_LOG = 'loop.log';

export interface LoopDeps extends RunStepDeps {
  /** Folder of the loop's configuration on this host, where a worker serves a role; else the loop says it. */
  loopRoot?: string;
}

/** Makes the activity that runs one turn of a loop: its prompt is read here, and the agent gets it as it stands. */
export function createRunTurn(deps: LoopDeps): (task: TurnTask) => Promise<TurnSuccess> {
  const runStep = createRunStep(deps);
  return async (task) => {
    const dir = stepAttemptDir(deps.stateDir, task.run_id, task.step_id, task.attempts_before + 1);
    let baseDir: string;
    let step: StepTask;
    try {
      baseDir = baseDirOf(deps, task);
      step = stepOf(task, baseDir, firstInstalled(task, deps));
      if (!isElsewhere(deps, task)) {
        if (task.branch !== undefined) await refuseOtherBranch(baseDir, task.branch);
        if (task.state !== undefined) refuseAhead(baseDir, task.state);
        keepPrompt(dir, path.resolve(baseDir, task.prompt_file), task);
        logLines(deps, task);
        if (task.state !== undefined) await exportState(baseDir, task.state, task.state.running);
      }
    } catch (error) {
      throw error instanceof TurnRefused ? turnFailure(error.reason, error.message, dir) : error;
    }
    try {
      const result = await runStep(step);
      const exit = task.state === undefined ? undefined : exitRequest(baseDir, task.state.file);
      if (task.state !== undefined) await exportState(baseDir, task.state, task.state.done);
      return { ...result, ...defined({ exit_requested: exit }) };
    } catch (error) {
      if (task.state !== undefined && isFailure(error)) await exportState(baseDir, task.state, task.state.failed);
      throw error;
    }
  };
}

/** The folder that the loop's paths count from. */
export function baseDirOf({ loopRoot }: Pick<LoopDeps, 'loopRoot'>, { base_dir }: { base_dir?: string }): string {
  const dir = base_dir ?? loopRoot;
  if (dir === undefined) {
    const message = 'this worker does not know the folder of the loop; serve the role with `orch loop worker --role`';
    throw new TurnRefused('no_folder', message);
  }
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true) return dir;
  throw new TurnRefused('no_folder', `the folder of the loop is not on this host: ${dir}`);
}

function stepOf(task: TurnTask, baseDir: string, agent: TurnTask['agents'][number]): StepTask {
  return {
    run_id: task.run_id,
    step_id: task.step_id,
    action: {
      type: 'agent',
      agent: agent.name,
      settings: agent.settings,
      sandbox: 'workspace-write',
      // Written down beforehand, as it stands in its file.
      prompt: { title: task.title, text: '', files: [], context: [], context_bytes: 0 },
      ...defined({
        session: task.session,
        session_tokens: task.session_tokens,
        session_cost_usd: task.session_cost_usd,
      }),
      stall_timeout_sec: task.stall_timeout_sec,
      limits: task.limits,
      owner_id: task.step_id,
      ...defined({ verdict_of_work: task.verdict_of_work }),
      ...(task.completion_marker === undefined
        ? {}
        : { completion_marker: path.resolve(baseDir, task.completion_marker) }),
      note_tree: false,
    },
    cwd: [baseDir],
    env: task.env,
    attempts_before: task.attempts_before,
    timeout_sec: task.timeout_sec,
    max_duration_sec: 'none',
    grace_sec: GRACE_SEC,
    retry: NO_RETRY,
    max_lost: 0,
    // A turn changes the tree: whether it is run once more is for a person to say.
    run_once: true,
    max_output_bytes: MAX_OUTPUT_BYTES,
    success_exit_codes: [0],
    warning_exit_codes: [],
    outputs: [],
    ...defined({ carried: task.carried }),
  };
}

const GRACE_SEC = 10;
const MAX_OUTPUT_BYTES = 1024 * 1024 * 1024;
const NO_RETRY: StepTask['retry'] = {
  retries: 0,
  delay_sec: 0,
  backoff: 'constant',
  no_retry_exit_codes: [],
};

/** `auto` means the first whose program is there; of one agent alone it is not asked, and its start says what is wrong. */
function firstInstalled({ agents, env }: TurnTask, deps: RunStepDeps): TurnTask['agents'][number] {
  if (agents.length === 1) return agents[0]!;
  const paths = (env['PATH'] ?? deps.env['PATH'] ?? '').split(path.delimiter);
  const found = agents.find(({ name, settings }) => isProgram(settings.command ?? name, paths));
  if (found !== undefined) return found;
  const names = agents.map(({ name, settings }) => settings.command ?? name).join(' nor ');
  throw new TurnRefused(
    'agent_missing',
    `neither ${names} is on the PATH; install one, or name an agent (agent.default)`,
  );
}

function isProgram(command: string, paths: readonly string[]): boolean {
  const candidates = command.includes('/') ? [command] : paths.map((dir) => path.join(dir, command));
  return candidates.some((file) => {
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}

/** An attempt that landed on another host than its process is only sent on. */
function isElsewhere({ host }: RunStepDeps, { carried }: TurnTask): boolean {
  const known = (Context.current().info.heartbeatDetails as StepHeartbeat | undefined) ?? carried;
  return known?.host !== undefined && known.host !== host;
}

/** The prompt as it is when the turn begins: a turn that goes on after a lost worker has the same. */
function keepPrompt(dir: string, file: string, { prompt_file: name, begun }: TurnTask): void {
  const kept = path.join(dir, 'prompt.md');
  if (existsSync(kept)) return;
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new TurnRefused('prompt_missing', `there is no prompt ${name} (${file})`);
  if (size > MAX_PROMPT_BYTES) {
    throw new TurnRefused('prompt_unusable', `${name} is ${size} bytes; a prompt may have at most ${MAX_PROMPT_BYTES}`);
  }
  const text = readFileSync(file, 'utf8');
  if (text.trim() === '') throw new TurnRefused('prompt_unusable', `${name} is empty`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(kept, begun === undefined ? text : `${text.trimEnd()}\n\n${begunSection(begun)}\n`, { mode: 0o600 });
}

/** Each line once, however often the attempt was begun. */
function logLines({ stateDir }: RunStepDeps, { run_id, log, step_id, attempts_before }: TurnTask): void {
  const file = path.join(runDir(stateDir, run_id), LOOP_LOG);
  const marked = log.map((line) => `${line} [${step_id}/${attempts_before + 1}]\n`);
  try {
    const known = existsSync(file) ? readFileSync(file, 'utf8') : '';
    appendFileSync(file, marked.filter((line) => !known.includes(line)).join(''), { mode: 0o600 });
  } catch {
    // A courtesy to readers: history has the decisions.
  }
}

function isFailure(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === 'StepFailed';
}
