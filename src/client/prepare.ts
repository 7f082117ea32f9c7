import { gzipSync } from 'node:zlib';
import { compactPlan } from '../contract/compact-plan.js';
import { ENGINE_VERSION, type RunInput } from '../contract/run-input.js';
import type { AgentSummary } from '../engine/index.js';
import type { ReusedReport } from '../contract/step-result.js';
import { agentNotes, agentProblems } from '../plan/check/agent-names.js';
import type { Graph } from '../plan/graph/graph.js';
import type { Diagnostic } from '../plan/model/diagnostic.js';
import { resolveInputs } from '../plan/templates/inputs.js';
import { inFile } from '../plan/files/plan-document.js';
import type { PlanSet } from '../plan/files/check-set.js';
import { leftOut } from '../plan/graph/selection.js';
import { unexported } from '../plan/templates/shared-env.js';
import { missingNamesBelow } from '../plan/files/sub-plan-names.js';
import { missingNames } from '../plan/templates/expand-step.js';
import type { Plan } from '../plan/model/plan.js';
import { checkPlans } from './checked-plans.js';
import { OrchError } from './errors.js';
import { pinPlans } from './pin-plans.js';
import { itemsTakenOver } from './rerun-items.js';
import type { PastRun, RerunDecision } from './rerun-types.js';
import { checkChosenId } from './reserved-ids.js';
import { takeAlong } from './take-along.js';
import type { PlanToStart, StartOptions } from './types.js';
import { defined } from '../basics/defined.js';

/** Temporal refuses a start input of 2 MB; the rest of the request needs some room. */
const MAX_INPUT_BYTES = 1_900_000;

/**
 * A run that can be started: its plans were checked, once, and its inputs and its environment are known. What it was made
 * of may change afterwards; it does not. Made by `OrchClient.prepare`, started by `OrchClient.start`.
 */
export interface PreparedRun {
  /** With its defaults. */
  readonly plan: Plan;
  /** The plans that it comes to run as steps, by path. */
  readonly subPlans: ReadonlyMap<string, Plan>;
  readonly graph: Graph;
  /** What the run is started with: inputs, environment, digest, the steps that were not selected. */
  readonly input: Readonly<RunInput>;
  /** SHA-256 of the plan, hex. */
  readonly digest: string;
  /** What is doubtful in the plans, and no error. */
  readonly warnings: readonly Diagnostic[];
  /** What whoever starts it should know, though it can run. */
  readonly notes: readonly string[];
  /** Its id, where one was asked for. */
  readonly runId?: string;
  /** Who starts it, where that was said. */
  readonly startedBy?: string;
}

/**
 * Checks a plan, unless that was done, and resolves its inputs, its environment and its selection.
 *
 * @param embedded whether it will run on the embedded service, which shares the folders and tools of who starts it
 * @throws OrchError `invalid_plan` with every diagnostic at once; `plan_too_large`; `invalid_run_id`, `reserved_id`.
 */
export function prepareRun(toStart: PlanToStart, options: StartOptions, embedded: boolean): PreparedRun {
  if (options.runId !== undefined) checkChosenId(options.runId);
  const checked = checkPlans(toStart, toStart.checked);
  if (!checked.ok) throw invalidPlan(checked.error);
  const { digest, plan, subPlans, graph, warnings } = checked.value;
  const all = [plan, ...subPlans.values()];
  const diagnostics: Diagnostic[] = [];
  const inputs = resolveInputs(plan, { ...options.inputs });
  if (!inputs.ok) diagnostics.push(...inputs.error);
  const { from = process.env, env: given = {} } = options;
  const taken = takeAlong(all, { from, given, embedded });
  diagnostics.push(...taken.diagnostics);
  if (inputs.ok) diagnostics.push(...missingNames(plan, { inputs: inputs.value, env: taken.env }));
  const set = { plan, path: toStart.path ?? '', plans: subPlans };
  diagnostics.push(...missingNamesBelow(set, taken.env), ...unknownAgents(set, toStart.agents));
  const baseDir = options.baseDir ?? (embedded ? process.cwd() : undefined);
  if (baseDir === undefined) diagnostics.push(...relativeFolders(set));
  const out = leftOut(plan, graph, options.select ?? {});
  if (!out.ok) diagnostics.push(...out.error);
  if (diagnostics.length > 0 || !inputs.ok || !out.ok) throw invalidPlan(diagnostics);
  const input: RunInput = {
    engine_version: ENGINE_VERSION,
    plan: toStart.source,
    digest,
    ...(subPlans.size === 0 ? {} : { plan_path: set.path, plans: pinPlans(toStart, subPlans.keys()) }),
    inputs: inputs.value,
    env: taken.env,
    ...defined({ base_dir: baseDir, plan_file: embedded ? options.planFile : undefined }),
    ...(toStart.agents === undefined || !hasAgents(all) ? {} : { agents: { ...toStart.agents } }),
    ...defined({ notify: options.notify }),
    ...historyEvents(options),
    ...shortSteps(options),
    ...leftOutIds(graph, out.value),
  };
  if (options.rerun !== undefined) Object.assign(input, takenOver(options.rerun));
  refuseTooLarge(input);
  // History keeps the plan a second time: what its defaults add to it.
  const added = [...subPlans].map(([path, each]) => compactPlan(toStart.plans?.[path], each));
  refuseTooLarge([compactPlan(toStart.source, plan), ...added]);
  const { runId, startedBy } = options;
  return {
    plan,
    subPlans,
    graph,
    input,
    digest,
    warnings,
    notes: [...unexported(input).map(leftOutNote), ...agentNotes(all, toStart.agents)],
    ...defined({ runId, startedBy }),
  };
}

/**
 * A prepared run that takes over what an earlier one has done. Its plans are those that were checked before.
 *
 * @param next the run as it would be without the earlier one; of all steps
 * @throws OrchError `plan_too_large`, where there is too much to take over
 */
export function prepareRerun(
  next: PreparedRun,
  past: PastRun,
  { reused, left_out, again }: RerunDecision,
): PreparedRun {
  const input = {
    ...next.input,
    ...(left_out.length === 0 ? {} : { left_out }),
    ...takenOver({ of: past, reused }),
    ...itemsTakenOver(past, again),
  };
  refuseTooLarge(input);
  return { ...next, input };
}

function unknownAgents({ plan, plans }: PlanSet, agents: PlanToStart['agents']): Diagnostic[] {
  const below = [...plans].flatMap(([path, each]) => agentProblems(each, agents).map((found) => inFile(found, path)));
  return [...agentProblems(plan, agents), ...below];
}

function leftOutIds({ ids }: Graph, left: ReadonlySet<number>): Pick<RunInput, 'left_out'> {
  return left.size === 0 ? {} : { left_out: [...left].map((index) => ids[index]!) };
}

/** Of use to tests only: the usual length suits all runs. */
function historyEvents({ historyEvents: given }: StartOptions): Pick<RunInput, 'history_events'> {
  const events = given ?? Number(process.env['ORCH_TEST_HISTORY_EVENTS'] ?? Number.NaN);
  return Number.isInteger(events) && events > 0 ? { history_events: events } : {};
}

function shortSteps({ shortSteps: given }: StartOptions): Pick<RunInput, 'short_steps'> {
  return (given ?? process.env['ORCH_SHORT_STEPS'] !== '0') ? {} : { short_steps: false };
}

function leftOutNote(name: string): string {
  return `the input '${name}' is too large for an environment variable; only expressions see it, steps do not`;
}

/** The reports of the steps that a rerun takes over. */
function takenOver({ of, reused }: NonNullable<StartOptions['rerun']>): Pick<RunInput, 'rerun_of' | 'reused'> {
  const wanted = new Set(reused);
  const hasContext = of.plan.steps.some(({ action }) => action.type === 'agent' && action.context !== undefined);
  const reports = of.steps.flatMap((step): [string, ReusedReport][] => {
    // A fallback that was not needed did nothing; the end of its owner says again that it is not needed.
    if (!wanted.has(step.id) || step.reason === 'not_needed') return [];
    const { id, status, exit_code, log_dir, outputs, attempts, agent, stdout_tail } = step;
    const failed = status === 'skipped' || status === 'failed';
    const report: ReusedReport = {
      status: status === 'warning' ? 'warning' : failed ? 'failed' : 'success',
      ...(status === 'failed' && { recovered: true }),
      message: `from ${of.run_id}`,
      attempts,
      ...defined({ exit_code, log_dir, outputs }),
      // What prompts of later steps tell of it, and the session that they may go on with.
      ...(agent === undefined ? {} : { agent: agentTakenOver(agent) }),
      ...(hasContext && stdout_tail !== undefined ? { stdout_tail } : {}),
    };
    return [[id, report]];
  });
  return { rerun_of: of.run_id, reused: Object.fromEntries(reports) };
}

/** Its worktree is no matter of this run, and a prompt shows little of many words. */
function agentTakenOver(summary: AgentSummary): AgentSummary {
  const { worktree: _, message, ...agent } = summary;
  return { ...agent, ...(message === undefined ? {} : { message: message.slice(-TAKEN_CHARS) }) };
}

const TAKEN_CHARS = 4_000;

function hasAgents(plans: readonly Plan[]): boolean {
  return plans.some(({ steps }) => steps.some(({ action }) => action.type === 'agent'));
}

function invalidPlan(diagnostics: readonly Diagnostic[]): OrchError {
  return new OrchError('invalid_plan', diagnostics.map((d) => d.message).join('\n'), { diagnostics });
}

function relativeFolders({ plan, plans }: PlanSet): Diagnostic[] {
  const below = [...plans].flatMap(([path, each]) => relativeFolder(each).map((found) => inFile(found, path)));
  return [...relativeFolder(plan), ...below];
}

/** Workers of a team run elsewhere: the starter's folder means nothing there. */
function relativeFolder(plan: Plan): Diagnostic[] {
  const cwd = plan.globals.cwd;
  if (cwd !== undefined && (cwd.startsWith('/') || /^[A-Za-z]:[\\/]/.test(cwd) || cwd.startsWith('${'))) return [];
  return [
    {
      code: 'relative_cwd_on_remote_service',
      severity: 'error',
      path: 'globals.cwd',
      message: 'globals.cwd must be an absolute path on the workers: this run starts on a remote service',
      hint: 'set globals.cwd, for example to ${WORKSPACE} with --input or --env',
    },
  ];
}

function refuseTooLarge(sent: unknown): void {
  const text = JSON.stringify(sent);
  if (text.length <= MAX_INPUT_BYTES) return;
  const packed = gzipSync(text).length;
  if (packed <= MAX_INPUT_BYTES) return;
  throw new OrchError(
    'plan_too_large',
    `The plan, its sub-plans and its inputs are ${packed} bytes compressed; at most ${MAX_INPUT_BYTES} fit`,
    {
      hint: 'move large texts into files that the steps read',
    },
  );
}
