import type { RunInput } from '../contract/run-input.js';
import { buildGraph, type Graph } from '../plan/graph/graph.js';
import { outputsRead } from '../plan/templates/outputs-read.js';
import { resolvePlanPath } from '../plan/files/plan-path.js';
import { leftOut } from '../plan/graph/selection.js';
import { expandStep } from '../plan/templates/expand-step.js';
import type { Plan, Step } from '../plan/model/plan.js';
import type { StepView } from '../contract/run-messages.js';
import { itemsAgain, namedItems } from './rerun-items.js';
import type { PastRun, RerunDecision, RerunMode, RunsAgain } from './rerun-types.js';
import { LAPTOP_NAMES } from './take-along.js';

/**
 * Decides what of an earlier run a new one takes over: the steps that went well, whose definition and inputs are the
 * same, and whose dependencies are all taken over too. Steps are matched by id, never by position.
 */
export function decideRerun(past: PastRun, next: { plan: Plan; input: RunInput }, mode: RerunMode = {}): RerunDecision {
  const graph = buildGraph(next.plan);
  const before = new Map(past.steps.map((step) => [step.id, step]));
  const definitions = new Map(past.plan.steps.map((step) => [step.id, step]));
  const wanted = outputsRead(next.plan);
  const carried = outputsRead(past.plan);
  const { whole, items } = namedItems(next.plan, mode);
  const forced = forcedSteps(next.plan, whole);
  const ofPairs = new Map<number, string>();
  let reasons: (string | undefined)[] = [];
  const whyAgain = (index: number): string | undefined => {
    const step = next.plan.steps[index]!;
    const old = before.get(step.id);
    const definition = definitions.get(step.id);
    if (forced.has(step.id)) return 'it was asked for';
    if (ofPairs.has(index)) return ofPairs.get(index);
    if (step.finally) return '`finally` steps always run';
    if (old === undefined || definition === undefined) return 'it is new';
    if (old.reason === 'not_needed' && step.fallback_of !== undefined) return undefined; // as its owner decides
    if (!wentWell(old)) return `it ${pastWord(old)}`;
    if (fingerprint(past.plan, definition, past.input) !== fingerprint(next.plan, step, next.input)) {
      return 'its definition or its inputs have changed';
    }
    const missing = [...(wanted.get(step.id) ?? [])].find((name) => !carried.get(step.id)?.has(name));
    if (missing !== undefined) return `its output '${missing}' is now read, but was not kept`;
    const changed = graph.dependencies[index]!.find((dependency) => reasons[dependency] !== undefined);
    return changed === undefined ? undefined : `it comes after '${graph.ids[changed]}'`;
  };
  const order = [...topological(graph.dependencies, graph.dependents)];
  let known: number;
  do {
    known = ofPairs.size;
    reasons = [];
    for (const index of order) reasons[index] = whyAgain(index);
    graph.fallbacks.forEach((fallback, owner) => {
      if (fallback !== undefined) keepTogether(graph, { owner, fallback, before }, reasons, ofPairs);
    });
  } while (ofPairs.size > known);
  const someItems = (index: number): Partial<RunsAgain> => {
    const step = next.plan.steps[index]!;
    const definition = definitions.get(step.id);
    const asked = forced.has(step.id) && !items.has(step.id);
    if (asked || definition === undefined || graph.dependencies[index]!.some((other) => reasons[other] !== undefined))
      return {};
    if (fingerprint(past.plan, definition, past.input) !== fingerprint(next.plan, step, next.input)) return {};
    const read = [...(wanted.get(step.id) ?? [])];
    return itemsAgain(past, step, { read, named: items.get(step.id) ?? new Set() });
  };
  const decision = split(next.plan, reasons, mode, forced);
  const again = decision.again.map((each) => ({ ...each, ...someItems(graph.index.get(each.step)!) }));
  return { ...decision, again };
}

/** A step that its fallback made up for is taken over together with that fallback, or both are ready to run again. */
function keepTogether(
  { ids }: Graph,
  { owner, fallback, before }: { owner: number; fallback: number; before: ReadonlyMap<string, StepView> },
  reasons: readonly (string | undefined)[],
  ofPairs: Map<number, string>,
): void {
  const runsAgain = reasons[owner] !== undefined;
  if (runsAgain && reasons[fallback] === undefined) ofPairs.set(fallback, `only if '${ids[owner]}' fails`);
  const needed = before.get(ids[owner]!)?.recovered === true;
  if (!runsAgain && needed && reasons[fallback] !== undefined)
    ofPairs.set(owner, `its fallback '${ids[fallback]}' is not taken over`);
}

function split(
  plan: Plan,
  reasons: readonly (string | undefined)[],
  mode: RerunMode,
  forced: ReadonlySet<string>,
): RerunDecision {
  const decision: RerunDecision = { reused: [], again: [], left_out: [] };
  plan.steps.forEach(({ id, finally: last }, index) => {
    const why = reasons[index];
    if (why === undefined) decision.reused.push(id);
    else if (mode.only !== undefined && !forced.has(id) && !last) decision.left_out.push(id);
    else decision.again.push({ step: id, why });
  });
  return decision;
}

/** The steps that the mode names, with what comes after them for `from`. */
function forcedSteps(plan: Plan, mode: RerunMode): Set<string> {
  // A fallback goes with its owner, as it does where steps are selected.
  if (mode.only !== undefined) return withFallbacks(plan, mode.only);
  if (mode.from === undefined) return new Set();
  const out = leftOut(plan, buildGraph(plan), { from: mode.from });
  return new Set(
    plan.steps.filter((step, index) => out.ok && !step.finally && !out.value.has(index)).map(({ id }) => id),
  );
}

function withFallbacks(plan: Plan, ids: readonly string[]): Set<string> {
  const wanted = new Set(ids);
  const fallbackOf = new Map(plan.steps.map((step) => [step.id, step.fallback_step]));
  for (const id of wanted) {
    const fallback = fallbackOf.get(id);
    if (fallback !== undefined) wanted.add(fallback);
  }
  return wanted;
}

/** All that decides what a step does, as text. What only the display shows is left out, and what differs by shell. */
function fingerprint(plan: Plan, step: Step, input: RunInput): string {
  const env = Object.fromEntries(Object.entries(input.env).filter(([name]) => !LAPTOP_NAMES.includes(name)));
  const { name: _, description: __, tags: ___, group: ____, weight: _____, ...definition } = step;
  const expanded = expandStep(plan, step, { inputs: input.inputs, env });
  const sorted = Object.entries(expanded.env).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    definition,
    expanded.action,
    expanded.cwd,
    sorted,
    input.base_dir,
    subPlanDigest(step, input),
  ]);
}

/** What the file of a sub-plan said when the run was started. */
function subPlanDigest({ action }: Step, { plan_path = '', plans = {} }: RunInput): string | undefined {
  return action.type === 'plan' ? plans[resolvePlanPath(plan_path, action.plan)]?.digest : undefined;
}

/** A failure that was allowed, or made up for, is an end as good as another, and was perhaps taken over before. */
function wentWell({ status, reason, recovered }: StepView): boolean {
  if (status === 'failed') return recovered === true;
  if (status === 'skipped') return reason === 'failure_allowed' || reason === 'reused';
  return status === 'success' || status === 'warning';
}

function pastWord(step: StepView): string {
  if (step.status === 'pending' || step.status === 'running' || step.status === 'waiting') return 'had not ended';
  const word = step.status === 'failed' ? 'failed' : `was ${step.status}`;
  return step.reason === undefined ? word : `${word} (${step.reason})`;
}

/** Every step after its dependencies. */
function* topological(
  dependencies: readonly (readonly number[])[],
  dependents: readonly (readonly number[])[],
): Generator<number> {
  const awaited = dependencies.map((list) => list.length);
  const ready = awaited.flatMap((count, index) => (count === 0 ? [index] : []));
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    yield next;
    for (const dependent of dependents[next]!) {
      awaited[dependent]! -= 1;
      if (awaited[dependent] === 0) ready.push(dependent);
    }
  }
}
