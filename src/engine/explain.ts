import type { Step } from '../plan/model/plan.js';
import { plainMessage } from '../basics/plain-message.js';
import { lockWaitText } from './lock-wait.js';
import type { Program, RunState, StepState } from './state.js';
import { toolOf } from './tool.js';
import type { StepStatus } from '../contract/statuses.js';

/** Dependencies that a sentence names. */
const NAMED = 5;

/**
 * Why a step ran, waits, or ended as it did, from what the run has recorded.
 *
 * @returns undefined where the plan has no such step
 */
export function explain(
  program: Program,
  state: RunState,
  id: unknown,
): { step: string; status: StepStatus; lines: string[] } | undefined {
  const index = typeof id === 'string' ? program.graph.index.get(id) : undefined;
  if (index === undefined) return undefined;
  const step = state.steps[index]!;
  const lines = [...linesOf(program, state, index, step), ...subRuns(step)];
  return { step: program.graph.ids[index]!, status: step.status, lines };
}

function linesOf(program: Program, state: RunState, index: number, step: StepState): string[] {
  const plan = program.plan.steps[index]!;
  switch (step.status) {
    case 'pending':
      return waitsFor(program, state, index, step);
    case 'running':
      return [runs(step), ...ranBecause(program, index, plan)];
    case 'waiting':
      return [
        ...(step.park === undefined ? [waiting(plan)] : parkedLines(step.park, index, program)),
        ...ranBecause(program, index, plan),
      ];
    case 'success':
    case 'warning':
      if (step.reason === 'reused') return [`Its result was taken over: ${step.report?.message ?? ''}`];
      return [`It ended as ${step.status}${said(step)}.`, ...effort(step), ...ranBecause(program, index, plan)];
    case 'failed':
      return failed(program, state, index, step);
    case 'skipped':
    case 'canceled':
      return [endedBecause(program, state, index, step)];
    default:
      return [step.status satisfies never];
  }
}

/** How often it was tried, and what an agent needed. */
function effort({ report }: StepState): string[] {
  const { attempts = 0, agent } = report ?? {};
  if (agent === undefined) return attempts > 1 ? [`It was tried ${attempts} times.`] : [];
  const fixes = agent.fix_rounds === 0 ? '' : `, ${agent.fix_rounds} to fix what was found`;
  const verdict = agent.verdict === undefined ? '' : `; its verdict is ${agent.verdict}`;
  return [
    `${agent.name} took ${agent.turns} ${agent.turns === 1 ? 'turn' : 'turns'}${fixes}: ${agent.tokens} tokens${verdict}.`,
  ];
}

function subRuns({ subRuns: ids = [] }: StepState): string[] {
  if (ids.length === 0) return [];
  const named = ids.slice(-NAMED).map((id) => `'${id}'`);
  return [`Its sub-plan is run ${ids.length > NAMED ? '… ' : ''}${named.join(', ')}.`];
}

function runs(step: StepState): string {
  if (step.stopping !== undefined) return `It is being stopped (${step.stopping}).`;
  return step.lock === undefined ? 'It runs.' : `It ${lockWaitText(step.lock)}.`;
}

function waitsFor(program: Program, state: RunState, index: number, step: StepState): string[] {
  const owner = program.graph.owners[index];
  if (owner !== undefined && step.awake !== true) {
    return [`It is the fallback of '${program.graph.ids[owner]}' and runs only if that fails.`];
  }
  const open = program.graph.dependencies[index]!.filter((dep) => state.steps[dep]!.standing === undefined);
  if (open.length > 0) return [`It waits for ${names(program, open)}.`, ...heldAmong(program, state, open)];
  if (program.plan.steps[index]!.finally && state.phase === 'main')
    return ['It is a `finally` step: it waits for all others to end.'];
  if (state.lock !== undefined) return [`It is ready; the run ${lockWaitText(state.lock)}.`];
  if (state.held.length > 0) return ['It is ready; the run is quarantined, so nothing starts.'];
  if (state.paused) return ['It is ready; the run is paused, so nothing starts.'];
  if (state.holding !== undefined) {
    return ['It is ready; the run continues in a new history first, and nothing starts until then.'];
  }
  if (step.parked === true) {
    return [
      `It is ready; the breaker of '${toolOf(program.plan.steps[index]!.action) ?? ''}' is open, because its steps failed in a row.`,
    ];
  }
  return [
    `It is ready and waits for a slot: ${state.running} of max_concurrency ${program.plan.globals.max_concurrency} are taken.`,
  ];
}

function heldAmong(program: Program, state: RunState, open: readonly number[]): string[] {
  const held = open.filter((dep) => state.held.includes(dep));
  return held.length === 0
    ? []
    : [`${names(program, held)} failed, and the run waits for a decision: retry, skip, resume or cancel.`];
}

function ranBecause(program: Program, index: number, step: Step): string[] {
  const lines: string[] = [];
  const owner = program.graph.owners[index];
  if (owner !== undefined) lines.push(`It ran as the fallback of '${program.graph.ids[owner]}', which failed.`);
  const dependencies = program.graph.dependencies[index]!;
  lines.push(
    dependencies.length === 0
      ? 'It depends on nothing.'
      : `Its dependencies have ended (${names(program, dependencies)}), and ${step.trigger_rule} let it through.`,
  );
  if (step.condition !== undefined) lines.push(`Its condition held: ${step.condition}`);
  return lines;
}

function failed(program: Program, state: RunState, index: number, step: StepState): string[] {
  const taken = step.reason === 'reused';
  const lines = [
    taken
      ? `It failed, and that was taken over: ${plainMessage(step.report?.message ?? '')}`
      : `It failed${said(step)}.`,
  ];
  if (!taken) lines.push(...effort(step));
  const fallback = program.graph.fallbacks[index];
  if (step.recovered === true) lines.push(`Its fallback '${program.graph.ids[fallback!]}' made up for it.`);
  else if (state.held.includes(index)) lines.push('The run is quarantined: retry, skip, resume or cancel.');
  else if (fallback !== undefined && step.standing === undefined)
    lines.push(`Its fallback '${program.graph.ids[fallback]}' is taking care of it.`);
  return lines;
}

function endedBecause(program: Program, state: RunState, index: number, step: StepState): string {
  const by = step.by === undefined ? '' : ` by ${step.by}`;
  const dependencies = program.graph.dependencies[index]!;
  switch (step.reason) {
    case 'condition_false':
      return `Its condition was false: ${step.message ?? ''}`;
    case 'skip_if':
      return `It was not needed: ${step.message ?? ''}`;
    case 'dependency_failed':
      return dependencyFailed(program, state, index);
    case 'dependency_skipped':
      return `${names(
        program,
        dependencies.filter((dep) => state.steps[dep]!.standing === 'skipped'),
      )} was skipped, which \`trigger_rule: ${program.plan.steps[index]!.trigger_rule}\` does not allow.`;
    case 'not_needed':
      return `It is the fallback of '${program.graph.ids[program.graph.owners[index] ?? -1] ?? ''}', which did not fail.`;
    case 'failure_allowed':
      return `It failed, which its \`on_failure: skip\` allows: ${plainMessage(step.message ?? step.report?.message ?? '')}`;
    case 'not_selected':
      return 'The run was started without it (--only, --from, --to or --skip).';
    case 'operator':
      return `It was ${step.status}${by}.`;
    case 'aborted':
      return aborter(program, state, step);
    case 'run_canceled':
      return `The run was canceled${by}.`;
    case 'run_timeout':
      return 'The run reached its time limit.';
    case 'history_full':
      return 'The history of the run was full, and it could not continue in a new one.';
    default:
      return `It was ${step.status}${step.reason === undefined ? '' : ` (${step.reason})`}.`;
  }
}

function dependencyFailed(program: Program, state: RunState, index: number): string {
  const failed = program.graph.dependencies[index]!.filter((dep) => state.steps[dep]!.standing === 'failed');
  const causes = firstCauses(program, state, failed);
  const further = causes.some((cause) => !failed.includes(cause));
  const why = further ? `, because ${names(program, causes)} failed` : '';
  const rule = program.plan.steps[index]!.trigger_rule;
  return `${names(program, failed)} did not succeed${why}. \`trigger_rule: ${rule}\` does not allow that.`;
}

/** The steps where it began: those before that failed themselves, and were not only skipped for the failure of another. */
function firstCauses(program: Program, state: RunState, failed: readonly number[]): number[] {
  const causes: number[] = [];
  const seen = new Set(failed);
  for (const step of seen) {
    if (state.steps[step]!.reason !== 'dependency_failed') causes.push(step);
    else {
      for (const dep of program.graph.dependencies[step]!) if (state.steps[dep]!.standing === 'failed') seen.add(dep);
    }
  }
  return causes;
}

/** The first step whose failure aborts a run. */
function aborter(program: Program, state: RunState, { message }: StepState): string {
  const aborts = program.plan.steps.flatMap(({ on_failure, critical, finally: last }, index) => {
    const step = state.steps[index]!;
    return on_failure === 'abort' && critical && !last && step.standing === 'failed' && step.status === 'failed'
      ? [{ index, step }]
      : [];
  });
  const [first] = aborts.sort((a, b) => (a.step.finishedAt ?? Infinity) - (b.step.finishedAt ?? Infinity));
  if (first === undefined) return `${message ?? 'Another step failed'}, with \`on_failure: abort\`.`;
  return `${names(program, [first.index])} failed with \`on_failure: abort\`${said(first.step)}.`;
}

function waiting({ action }: Step): string {
  if (action.type !== 'approval') return 'It waits for its time.';
  const who = action.approvers.length === 0 ? 'somebody' : action.approvers.join(' or ');
  return `It waits for ${who} to approve or reject it${action.message === undefined ? '' : `: ${action.message}`}.`;
}

function parkedLines(
  { why, message, ready, told }: NonNullable<StepState['park']>,
  index: number,
  program: Program,
): string[] {
  if (ready === true) return ['It can continue, and waits for a slot.'];
  if (why === 'quota' || why === 'budget') return [`It has started, and waits without a slot: ${message}.`];
  if (told === true) return ['A person has answered it; it continues.'];
  const id = program.graph.ids[index]!;
  return [
    `It has started, and ${message}`,
    `Answer it (orch answer RUN ${id} TEXT), accept what it did (approve), let it try again (retry), or reject it.`,
  ];
}

function said(step: StepState): string {
  const words = step.message ?? step.report?.message;
  if (words === undefined) return step.reason === undefined ? '' : `: ${step.reason}`;
  return `: ${plainMessage(words)}${step.reason === undefined ? '' : ` (${step.reason})`}`;
}

function names(program: Program, steps: readonly number[]): string {
  const named = steps.slice(0, NAMED).map((step) => `'${program.graph.ids[step]}'`);
  return steps.length > NAMED ? `${named.join(', ')} and ${steps.length - NAMED} more` : named.join(', ');
}
