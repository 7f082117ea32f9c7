import type { TurnEnd, TurnOutcome, TurnProgress } from '../../agents/index.js';
import type { RunStepDeps, StepFailure } from '../step/execution.js';
import type { Outcome } from '../step/outcome-file.js';
import type { DurableOver } from '../command/outcome.js';
import type { OpenedTask } from '../step/task-secrets.js';
import type { StepFacts } from '../../contract/step-task.js';
import { usageOf } from './session-usage.js';
import { secretsAdded } from './push-guard.js';
import type { SettledTurn } from './turn-folder.js';
import type { AgentTurn, TurnFacts } from '../../contract/agent-turn.js';
import { defined } from '../../basics/defined.js';

/** Characters of an agent's last words that travel. */
const MAX_MESSAGE = 8 * 1024;

/** What is not to be pushed by an agent is looked through before a person pushes it. */
export async function withSecretScan(
  { settings, tree }: AgentTurn,
  settled: SettledTurn,
  outcome: TurnOutcome,
): Promise<TurnOutcome> {
  const since = tree ?? settled.tree;
  if (settings.push !== 'deny' || outcome.verdict !== 'pass' || since === undefined) return outcome;
  const note = await secretsAdded(settled.cwd, since);
  return note === undefined ? outcome : { ...outcome, verdict: 'warn', note };
}

/** What has become of the process, as the agents' rules have it. */
export function endOf(end: DurableOver, facts: StepFacts): TurnEnd {
  return {
    ...defined({ exitCode: facts.exit_code, signal: facts.signal, stopped: end.stopped }),
    ...(end.kind === 'lost' && end.stopped === undefined ? { lost: true as const } : {}),
    stderrTail: facts.stderr_tail,
  };
}

/** What there is to know of a turn, without its secrets. */
export function factsOf(
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

/** What the end of a turn is for the step. */
export function outcomeOf(
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
