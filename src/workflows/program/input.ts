import { ApplicationFailure, CancellationScope, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import { CARRIED_VERSION, type CarriedPlans, type CarriedRun } from '../../contract/carried-run.js';
import { expandPlan } from '../../contract/compact-plan.js';
import type { RunInput } from '../../contract/run-input.js';
import type { Allowance } from '../../plan/expressions/index.js';
import { buildGraph } from '../../plan/graph/graph.js';
import { acceptedPlanSet, checkPlanSet, type PlanSources } from '../../plan/files/check-set.js';
import type { Diagnostic } from '../../plan/model/diagnostic.js';
import { expandRunLocks } from '../../plan/templates/expand-step.js';
import type { Plan } from '../../plan/model/plan.js';
import type { Program, Settled } from '../../engine/index.js';
import { whyNotRun } from './versions.js';
import { defined } from '../../basics/defined.js';
import { withoutStack } from '../../basics/without-stack.js';

/** Long enough for a plan of 100,000 steps on a busy machine. */
const { admitPlan, admitPlans } = proxyLocalActivities<Pick<Activities, 'admitPlan' | 'admitPlans'>>({
  startToCloseTimeout: '5 minutes',
});

/** What a run was started with, checked. */
export interface CheckedInput extends Program {
  /** By path. */
  subPlans: ReadonlyMap<string, Plan>;
  /** All of them as they go along to a new history; absent in runs that never do. */
  carriedPlans?: CarriedPlans;
}

/**
 * Checks what a run was started with.
 *
 * @throws ApplicationFailure of type `InvalidPlan`, not retryable, that lists every diagnostic. Error for a version that
 * another orch runs: it fails the task, not the run, and Temporal tries again until a worker comes that can.
 */
export function readInput(input: RunInput): CheckedInput | Promise<CheckedInput> {
  const other = otherVersion(input);
  if (other !== undefined) throw new Error(other);
  const shape = shapeError(input);
  if (shape !== undefined) throw invalid(shape, []);
  if (input.carried !== undefined) return carriedOn(input, input.carried);
  if (input.engine_version >= 4) return admittedForLong(input);
  return input.engine_version >= 3 ? admitted(input) : checkedHere(input);
}

/** A run that goes on in a new history goes by the plans that it began with. */
function carriedOn(input: RunInput, { v, plans }: CarriedRun): CheckedInput {
  if (v > CARRIED_VERSION) {
    throw new Error(`This run was carried on by a newer orch. Upgrade the worker: the run waits until then.`);
  }
  return expanded(input, plans);
}

/** As {@link admitted}, with an answer that goes along to the next history. */
async function admittedForLong(input: RunInput): Promise<CheckedInput> {
  const verdict = await CancellationScope.nonCancellable(() => admitPlans(sourcesOf(input)));
  if (!verdict.ok) throw invalidPlan(verdict.diagnostics);
  return expanded(input, verdict.plans);
}

function expanded({ plan: source, plans: pinned = {} }: RunInput, carriedPlans: CarriedPlans): CheckedInput {
  const plan = expandPlan(source, carriedPlans.plan);
  const subPlans = carriedPlans.plans.map(([path, each]): [string, Plan] => [
    path,
    expandPlan(pinned[path]!.plan, each),
  ]);
  return { plan, graph: buildGraph(plan), subPlans: new Map(subPlans), carriedPlans };
}

/**
 * Has the worker check the plan. Its answer stands in history, so that a replay takes the plan as it was found good, with
 * the defaults of that day, and runs no check. A cancel does not end it: a run that was canceled before it began has a
 * record, and its own way to end.
 */
async function admitted(input: RunInput): Promise<CheckedInput> {
  const verdict = await CancellationScope.nonCancellable(() => admitPlan(sourcesOf(input)));
  if (!verdict.ok) throw invalidPlan(verdict.diagnostics);
  const { plan, plans } = verdict;
  return { plan, graph: buildGraph(plan), subPlans: new Map(plans) };
}

/**
 * As runs of before did it, at once: a promise would change the order of what they do. One that has begun was found good,
 * and what a later check finds wrong with it changes nothing.
 *
 * @param replaying whether the run has begun, and its history is gone through again
 */
export function checkedHere(input: RunInput, replaying = workflowInfo().unsafe.isReplaying): CheckedInput {
  const sources = sourcesOf(input);
  const checked = checkPlanSet(sources);
  if (!checked.ok && !replaying) throw invalidPlan(checked.error);
  const { plan, plans: subPlans } = checked.ok ? checked.value : acceptedPlanSet(sources);
  return { plan, graph: buildGraph(plan), subPlans };
}

function sourcesOf({ plan: source, plan_path: path, plans: pinned = {} }: RunInput): PlanSources {
  const plans = Object.fromEntries(Object.entries(pinned).map(([name, { plan }]) => [name, plan]));
  return { source, plans, ...defined({ path }) };
}

function invalidPlan(diagnostics: readonly Diagnostic[]): ApplicationFailure {
  const lines = diagnostics.map(
    (d) => `${d.file === undefined ? '' : `${d.file}: `}${d.path ?? 'plan'}: ${d.message} [${d.code}]`,
  );
  return invalid(`The plan is invalid:\n${lines.slice(0, 20).join('\n')}`, diagnostics.slice(0, 100));
}

/** The longest time that a process of a run, or of those below it, takes to stop. */
export function longestGrace({ plan, subPlans }: Pick<CheckedInput, 'plan' | 'subPlans'>): number {
  let longest = 0;
  for (const { steps } of [plan, ...subPlans.values()]) {
    for (const step of steps) longest = Math.max(longest, step.grace_sec);
  }
  return longest;
}

/**
 * Names of the locks that the run takes, and holds from its start to its end.
 *
 * @throws ApplicationFailure of type `InvalidPlan` where one cannot be worked out.
 */
export function readRunLocks(
  { plan, allowance }: { plan: Plan; allowance?: Allowance },
  { inputs, env, held_locks = [] }: RunInput,
  runId: string,
): string[] {
  try {
    const values = { prev: {}, run: { id: runId, attempt: 1 }, ...defined({ allowance }) };
    const names = expandRunLocks(plan, { inputs, env, values });
    return names.filter((name) => !held_locks.includes(name));
  } catch (error) {
    throw invalid(`globals.locks: ${error instanceof Error ? error.message : String(error)}`, []);
  }
}

/** The steps of a run that have their end before it starts. */
export function settledSteps({ graph }: Program, input: RunInput): Settled {
  const indexOf = (id: string): number[] => {
    const index = graph.index.get(id);
    return index === undefined ? [] : [index];
  };
  return {
    leftOut: new Set((input.left_out ?? []).flatMap(indexOf)),
    // In plan order, not in that of the keys.
    reused: new Map(
      graph.ids.flatMap((id, index) => {
        const report = Object.hasOwn(input.reused ?? {}, id) ? input.reused?.[id] : undefined;
        return report === undefined ? [] : [[index, report] as const];
      }),
    ),
  };
}

function otherVersion(input: Partial<RunInput> | null | undefined): string | undefined {
  const version: unknown = input?.engine_version;
  return typeof version === 'number' && Number.isInteger(version) ? whyNotRun(version) : undefined;
}

function shapeError(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null)
    return 'The run has no input; start it with `orch start` or OrchClient';
  const given = input as Partial<RunInput>;
  const version: unknown = given.engine_version;
  if (!Number.isInteger(version)) return `engine_version is ${JSON.stringify(version)}, which is not a version`;
  if (!isRecord(given.inputs)) return '`inputs` must be an object';
  if (!isRecord(given.env) || !Object.values(given.env).every((value) => typeof value === 'string')) {
    return '`env` must be an object of strings';
  }
  if (given.left_out !== undefined && !Array.isArray(given.left_out)) return '`left_out` must be a list of step ids';
  if (given.reused !== undefined && !isRecord(given.reused)) return '`reused` must be an object';
  const items = given.reused_items;
  if (items !== undefined && !(isRecord(items) && Object.values(items).every(isRecord))) {
    return '`reused_items` must be an object of objects';
  }
  if (given.plan_path !== undefined && typeof given.plan_path !== 'string') return '`plan_path` must be a string';
  if (given.plans !== undefined && !(isRecord(given.plans) && Object.values(given.plans).every(isRecord))) {
    return '`plans` must be an object of plans';
  }
  if (given.held_locks !== undefined && !Array.isArray(given.held_locks)) return '`held_locks` must be a list of names';
  if (given.agents !== undefined && !(isRecord(given.agents) && Object.values(given.agents).every(isRecord))) {
    return '`agents` must be an object of settings';
  }
  if (given.notify !== undefined && !(isRecord(given.notify) && Array.isArray(given.notify.notifiers))) {
    return '`notify` must name a configuration file and its notifiers';
  }
  if (given.carried !== undefined && workflowInfo().continuedFromExecutionRunId === undefined) {
    return '`carried` is for a run that goes on in a new history';
  }
  if (given.base_dir !== undefined && typeof given.base_dir !== 'string') return '`base_dir` must be a string';
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string, details: readonly unknown[]): ApplicationFailure {
  // the message says where in the plan; where in this code is of no use
  return withoutStack(
    ApplicationFailure.create({ type: 'InvalidPlan', nonRetryable: true, message, details: [details] }),
  );
}
