import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  adapterOf,
  concludeTurn,
  filesWereMade,
  noProgress,
  type TurnEnd,
  type TurnOutcome,
  type TurnProgress,
  type TurnRequest,
} from '../../agents/index.js';
import { stepAttemptDir } from '../../records/paths.js';
import type { Execution, RunStepDeps, StepFailure } from '../step/execution.js';
import type { Outcome } from '../step/outcome-file.js';
import type { DurableOver } from '../command/outcome.js';
import { runCommand, type ProcessJob } from '../command/run-command.js';
import type { OpenedTask } from '../step/task-secrets.js';
import type { StepFacts, StepSuccess } from '../../contract/step-task.js';
import { answerFile, hideSecrets, keepVerdict, verdictFile, verdictOfFiles } from './answer-files.js';
import { usageOf } from './session-usage.js';
import { markerText } from './completion-marker.js';
import { createStreamReader, type StreamReader } from './stream-reader.js';
import { guardPushes, secretsAdded } from './push-guard.js';
import { settleTurn, type SettledTurn } from './turn-folder.js';
import { promptOf } from './turn-prompt.js';
import type { AgentTurn, TurnFacts } from '../../contract/agent-turn.js';
import { watchAgent } from './watchdog.js';
import { defined } from '../../basics/defined.js';

const PROMPT = 'prompt.md';
/** Characters of an agent's last words that travel. */
const MAX_MESSAGE = 8 * 1024;
/** Of these those that stand where other steps have the end of their output. */
const TAIL = 1500;

/** Runs one turn of a coding agent to its end, or goes on with one that a worker before this one has started. */
export function runAgent(deps: RunStepDeps, execution: Execution, turn: AgentTurn): Promise<StepSuccess> {
  return runCommand(deps, execution, () => prepareTurn(deps, execution, turn));
}

async function prepareTurn(deps: RunStepDeps, execution: Execution, turn: AgentTurn): Promise<ProcessJob> {
  const { task, attempt } = execution;
  const dir = stepAttemptDir(deps.stateDir, task.run_id, task.step_id, attempt);
  const cwd = path.resolve(...task.cwd);
  const settled = await settleTurn(turn, { dir, cwd, stateDir: deps.stateDir, runId: task.run_id });
  const promptFile = path.join(dir, PROMPT);
  if (!existsSync(promptFile)) writeFileSync(promptFile, await promptOf(turn, settled.cwd), { mode: 0o600 });
  const request: TurnRequest = {
    settings: turn.settings,
    ...modelOf(turn),
    ...defined({ tier: turn.tier }),
    prompt: readFileSync(promptFile, 'utf8'),
    promptFile,
    dir,
    cwd: settled.cwd,
    permissions: permissionsOf(turn),
    ...defined({ session: turn.session }),
    newSession: settled.new_session,
    ...defined({ outputSchema: turn.output_schema }),
  };
  return createJob(deps, turn, settled, request);
}

/** Whether the agent can go on with a session: of one that cannot, another session is what is to be expected. */
function goesOn({ settings: { adapter, resume_args } }: AgentTurn): boolean {
  return adapter !== 'generic' || resume_args !== undefined;
}

function modelOf({ model, tier, settings }: AgentTurn): { model?: string } {
  const known = model ?? (tier === undefined ? undefined : settings.tiers?.[tier]) ?? settings.model;
  return defined({ model: known });
}

/** A step that may only read has an agent that may only read, and so has every review. */
function permissionsOf({ sandbox, settings }: AgentTurn): TurnRequest['permissions'] {
  return sandbox === 'read-only' ? 'read' : (settings.permissions ?? 'edit');
}

function createJob(deps: RunStepDeps, turn: AgentTurn, settled: SettledTurn, request: TurnRequest): ProcessJob {
  const adapter = adapterOf(turn.settings);
  const progress = noProgress();
  let reader: StreamReader | undefined;
  let clean: ((text: string) => string) | undefined;

  return {
    endsLeftovers: turn.settings.leftovers !== 'keep',
    invocation() {
      const { env, files = [], ...command } = adapter.command(request);
      for (const file of files) writeFileSync(file.path, file.content, { mode: 0o600 });
      return {
        ...command,
        ...defined({ env }),
        over: {
          ...turn.settings.env,
          ...(turn.settings.push === 'deny' ? guardPushes(request.dir) : {}),
          ORCH_VERDICT: verdictFile(request),
        },
        cwd: settled.cwd,
      };
    },
    watch(started, redact, stop) {
      clean = redact;
      reader = createStreamReader(started.stdoutFile, (line) => adapter.read(line, progress));
      return watchAgent(
        turn,
        started,
        reader,
        progress,
        stop,
        () => markerText(turn, settled.started_at) !== undefined,
      );
    },
    progress() {
      const words = [...progress.message.trimEnd().split('\n').slice(-1), progress.doing ?? ''].find(
        (text) => text !== '',
      );
      const line = words === undefined ? undefined : clean?.(words).slice(0, 200);
      const { tokens } = usageOf(progress, turn);
      return {
        ...defined({ last_line: line }),
        ...(tokens === 0 ? {} : { tokens }),
        ...(progress.toolCalls === 0 ? {} : { tool_calls: progress.toolCalls }),
      };
    },
    async conclude(end, facts, opened) {
      reader ??=
        'stdoutFile' in end ? createStreamReader(end.stdoutFile, (line) => adapter.read(line, progress)) : undefined;
      reader?.finish();
      const marker = progress.final ? undefined : markerText(turn, settled.started_at);
      if (marker !== undefined) progress.final = true;
      progress.message = answerFile(adapter, request) ?? (progress.message || (marker ?? ''));
      const known = { ...facts, stdout_tail: tailOf(opened.redactor.text(progress.message)) };
      const turnEnd = endOf(end, facts);
      const said = {
        ...verdictOfFiles(adapter, request),
        evidence: filesWereMade(settled.cwd, turn.prompt.files, settled.started_at),
        ...(turn.session === undefined || !goesOn(turn) ? {} : { asked: turn.session }),
        // A time of day that it named is counted from when it ended: the worker may have come later.
        now: facts.started_at + facts.duration_sec * 1000,
        wantsJson: turn.output_schema !== undefined && turn.prompt.review === undefined,
        wantsVerdict: /\bVERDICT\s*:/.test(request.prompt),
        readOnly: request.permissions === 'read',
        ofWork: turn.verdict_of_work === true,
        adapter,
      };
      const outcome = await withSecretScan(turn, settled, concludeTurn(progress, turnEnd, said));
      const turnFacts = factsOf(deps, turn, settled, progress, outcome, opened, known);
      keepVerdict(request, outcome, opened.redactor);
      hideSecrets(adapter, request, opened.redactor);
      return outcomeOf(outcome, turnEnd, { ...known, turn: turnFacts }, opened);
    },
  };
}

/** What is not to be pushed by an agent is looked through before a person pushes it. */
async function withSecretScan(
  { settings, tree }: AgentTurn,
  settled: SettledTurn,
  outcome: TurnOutcome,
): Promise<TurnOutcome> {
  const since = tree ?? settled.tree;
  if (settings.push !== 'deny' || outcome.verdict !== 'pass' || since === undefined) return outcome;
  const note = await secretsAdded(settled.cwd, since);
  return note === undefined ? outcome : { ...outcome, verdict: 'warn', note };
}

function endOf(end: DurableOver, facts: StepFacts): TurnEnd {
  return {
    ...defined({ exitCode: facts.exit_code, signal: facts.signal, stopped: end.stopped }),
    ...(end.kind === 'lost' && end.stopped === undefined ? { lost: true as const } : {}),
    stderrTail: facts.stderr_tail,
  };
}

function factsOf(
  { host, manyHosts }: RunStepDeps,
  turn: AgentTurn,
  settled: SettledTurn,
  progress: TurnProgress,
  { verdict, note, failure, structured }: TurnOutcome,
  { redactor, dataRedactor }: OpenedTask,
  facts: StepFacts,
): TurnFacts {
  const sessionId = progress.sessionId ?? turn.session;
  return {
    agent: turn.agent,
    ...defined({ verdict }),
    ...(note === undefined ? {} : { note: redactor.text(note) }),
    message: redactor.text(progress.message).slice(-MAX_MESSAGE),
    ...defined({ session_id: sessionId }),
    ...usageOf(progress, turn),
    wall_sec: facts.duration_sec,
    ...defined({ tree: settled.tree }),
    ...(settled.worktree === undefined ? {} : { worktree: settled.cwd }),
    ...defined({ branch: settled.branch }),
    ...(structured === undefined ? {} : { structured: dataRedactor.json(structured) }),
    ...(manyHosts ? { state_host: host } : {}),
    ...(failure === undefined ? {} : { failure: { kind: failure.kind, ...defined({ reset_at: failure.resetAt }) } }),
  };
}

function outcomeOf(
  { verdict, note, failure }: TurnOutcome,
  end: TurnEnd,
  facts: StepFacts,
  { redactor }: OpenedTask,
): Outcome {
  if (end.stopped === 'canceled') return { kind: 'stopped', facts };
  if (failure !== undefined) {
    const message = `AgentError: ${redactor.text(failure.message)}`;
    return { kind: 'failed', failure: { reason: reasonOf(failure.kind, end), message, facts } };
  }
  if (verdict === 'fail' || verdict === 'error') {
    const said = note === undefined ? '' : `: ${redactor.text(note)}`;
    return {
      kind: 'failed',
      failure: { reason: 'verdict', message: `VerdictError: the agent says ${verdict}${said}`, facts },
    };
  }
  return { kind: 'success', result: { status: verdict === 'warn' ? 'warning' : 'success', ...facts } };
}

function reasonOf(kind: string, { stopped, lost, signal }: TurnEnd): StepFailure['reason'] {
  if (lost) return 'lost';
  if (kind === 'quota') return 'quota';
  if (kind === 'stopped') {
    if (stopped === 'stalled' || stopped === 'output_cap') return stopped;
    return stopped === 'budget' ? 'budget_exceeded' : 'timeout';
  }
  return signal !== undefined ? 'signaled' : 'agent_failed';
}

function tailOf(text: string): string {
  return text.length <= TAIL ? text : text.slice(-TAIL);
}
