import { gzipSync } from 'node:zlib';
import { ENGINE_VERSION, type RunInput } from '../contract/run-input.js';
import type { AgentSummary, StepReport } from '../engine/index.js';
import { agentNotes, agentProblems } from '../plan/check/agent-names.js';
import { buildGraph } from '../plan/graph/graph.js';
import type { Diagnostic } from '../plan/model/diagnostic.js';
import { resolveInputs } from '../plan/templates/inputs.js';
import { inFile } from '../plan/files/plan-document.js';
import { checkPlanSet, type PlanSet } from '../plan/files/check-set.js';
import { leftOut } from '../plan/graph/selection.js';
import { unexported } from '../plan/templates/shared-env.js';
import { missingNamesBelow } from '../plan/files/sub-plan-names.js';
import { missingNames } from '../plan/templates/expand-step.js';
import type { Plan } from '../plan/model/plan.js';
import { OrchError } from './errors.js';
import { pinPlans, planDigest } from './pin-plans.js';
import { takeAlong } from './take-along.js';
import type { PlanToStart, StartOptions } from './types.js';

/** Temporal refuses a start input of 2 MB; the rest of the request needs some room. */
const MAX_INPUT_BYTES = 1_900_000;

/** A plan with all that its run needs, checked. */
export interface PreparedRun {
  plan: Plan;
  input: RunInput;
  /** What whoever starts it should know, though it can run. */
  notes: string[];
}

/**
 * Resolves inputs and environment of a plan.
 *
 * @throws OrchError `invalid_plan` with every diagnostic at once; `plan_too_large`.
 */
export function prepareRun(toStart: PlanToStart, options: StartOptions, embedded: boolean): PreparedRun {
  const checked = checkPlanSet(toStart);
  if (!checked.ok) throw invalidPlan(checked.error);
  const { plan, plans } = checked.value;
  const diagnostics: Diagnostic[] = [];
  const inputs = resolveInputs(plan, { ...options.inputs });
  if (!inputs.ok) diagnostics.push(...inputs.error);
  const taken = takeAlong([plan, ...plans.values()], {
    from: options.from ?? process.env,
    given: options.env ?? {},
    embedded,
  });
  diagnostics.push(...taken.diagnostics);
  if (inputs.ok) diagnostics.push(...missingNames(plan, { inputs: inputs.value, env: taken.env }));
  diagnostics.push(...missingNamesBelow(checked.value, taken.env));
  diagnostics.push(...agentProblems(plan, toStart.agents));
  for (const [path, each] of plans)
    diagnostics.push(...agentProblems(each, toStart.agents).map((d) => inFile(d, path)));
  const baseDir = options.baseDir ?? (embedded ? process.cwd() : undefined);
  if (baseDir === undefined) diagnostics.push(...relativeFolders(checked.value));
  const graph = buildGraph(plan);
  const out = leftOut(plan, graph, options.select ?? {});
  if (!out.ok) diagnostics.push(...out.error);
  if (diagnostics.length > 0 || !inputs.ok || !out.ok) throw invalidPlan(diagnostics);
  const input: RunInput = {
    engine_version: ENGINE_VERSION,
    plan: toStart.source,
    digest: planDigest(toStart),
    ...(plans.size === 0 ? {} : { plan_path: checked.value.path, plans: pinPlans(toStart, plans.keys()) }),
    inputs: inputs.value,
    env: taken.env,
    ...(baseDir === undefined ? {} : { base_dir: baseDir }),
    ...(toStart.agents === undefined || !hasAgents([plan, ...plans.values()]) ? {} : { agents: { ...toStart.agents } }),
    ...(out.value.size === 0 ? {} : { left_out: [...out.value].map((index) => graph.ids[index]!) }),
  };
  if (options.rerun !== undefined) Object.assign(input, takenOver(options.rerun));
  refuseTooLarge(input);
  refuseTooLarge({ plan, plans: [...plans] }); // history keeps the plan a second time, with its defaults
  const notes = [...unexported(input).map(leftOutNote), ...agentNotes([plan, ...plans.values()], toStart.agents)];
  return { plan, input, notes };
}

function leftOutNote(name: string): string {
  return `the input '${name}' is too large for an environment variable; steps do not see it there, only expressions do`;
}

/** The reports of the steps that a rerun takes over. */
function takenOver({ of, reused }: NonNullable<StartOptions['rerun']>): Pick<RunInput, 'rerun_of' | 'reused'> {
  const wanted = new Set(reused);
  const hasContext = of.plan.steps.some(({ action }) => action.type === 'agent' && action.context !== undefined);
  const reports = of.steps.flatMap((step): [string, StepReport][] => {
    if (!wanted.has(step.id)) return [];
    const { id, status, exit_code, log_dir, outputs, attempts, agent, stdout_tail } = step;
    const report: StepReport = {
      status: status === 'warning' ? 'warning' : status === 'skipped' ? 'failed' : 'success',
      message: `from ${of.run_id}`,
      attempts,
      ...(exit_code === undefined ? {} : { exit_code }),
      ...(log_dir === undefined ? {} : { log_dir }),
      ...(outputs === undefined ? {} : { outputs }),
      // What prompts of later steps tell of it, and the session that they may go on with.
      ...(agent === undefined ? {} : { agent: agentTakenOver(agent) }),
      ...(hasContext && stdout_tail !== undefined ? { stdout_tail } : {}),
    };
    return [[id, report]];
  });
  return { rerun_of: of.run_id, reused: Object.fromEntries(reports) };
}

/** Its work tree is no matter of this run, and a prompt shows little of many words. */
function agentTakenOver({ worktree: _, message, ...agent }: AgentSummary): AgentSummary {
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
      message: 'globals.cwd must be an absolute folder on the workers: this run starts on a remote service',
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
