import type { StepGroup } from '../../contract/step-group.js';
import { isOfPhase, type Program, type RunState } from '../../engine/index.js';
import type { Step } from '../../plan/model/plan.js';
import { stepField } from '../../plan/model/step-fields.js';

/** Steps of a group, by their indexes in the plan, and how they hang together. */
export type GroupShape = Required<Pick<StepGroup, 'after' | 'started' | 'ready' | 'decided'>> & {
  /** Index in the plan of each place. */
  indexes: readonly number[];
  /** Whether the worker may begin that place. */
  joins: readonly boolean[];
};

/**
 * Finds what comes next, for as long as all goes well: the steps that have been started, those that only lack a slot, and
 * those that then become ready. A step that may not join stands where its turn is, and nothing after it is begun.
 *
 * @param started steps that the engine has just started; nothing else is under way
 * @param mayJoin whether a step that has yet to start may be begun by the worker; asked once for each
 * @param isDecided whether a step has conditions: these are looked at as soon as nothing else is awaited, and may fail it
 */
export function formGroup(
  { plan, graph }: Program,
  state: RunState,
  started: readonly number[],
  mayJoin: (index: number) => boolean,
  isDecided: (index: number) => boolean = conditionsOf(plan.steps),
): GroupShape {
  const joins = new Map(started.map((index) => [index, true]));
  const ready: number[] = [];
  for (const index of state.ready.slice(state.readyHead)) {
    const { status, awaited } = state.steps[index]!;
    // Skipped or canceled while it waited for a slot, or awaiting a dependency that is tried again.
    if (status !== 'pending' || awaited > 0) continue;
    ready.push(index);
    joins.set(index, mayJoin(index));
    if (!joins.get(index)!) break; // nothing after it is begun
  }
  const awaited = new Map<number, number>();
  // It grows while it is gone through.
  for (const [index, joined] of joins) {
    if (!joined) continue;
    for (const dependent of graph.dependents[index]!) {
      const left = (awaited.get(dependent) ?? state.steps[dependent]!.awaited) - 1;
      awaited.set(dependent, left);
      if (left === 0 && state.steps[dependent]!.status === 'pending') joins.set(dependent, mayJoin(dependent));
    }
  }
  const indexes = [...joins.keys()].sort((a, b) => a - b);
  const places = new Map(indexes.map((index, place) => [index, place]));
  const placesOf = (some: readonly number[]): number[] =>
    some.flatMap((index) => {
      const place = places.get(index);
      return place === undefined ? [] : [place];
    });
  const before = new Set([...started, ...ready]);
  return {
    indexes,
    joins: indexes.map((index) => joins.get(index)!),
    after: indexes.map((index) => (before.has(index) ? [] : placesOf(graph.dependencies[index]!))),
    started: placesOf(started),
    ready: placesOf(ready),
    decided: placesOf(indexes.filter((index) => !joins.get(index)! && !before.has(index) && isDecided(index))),
  };
}

/** Whether a step starts for certain once all that it still awaits has succeeded, and its success says nothing of others. */
export function certainlyFollows(program: Program, state: RunState, index: number): boolean {
  const { plan, graph } = program;
  const step = plan.steps[index]!;
  const { status, failedDependencies, skippedDependencies } = state.steps[index]!;
  if (status !== 'pending' || !isOfPhase(program, state, index)) return false;
  if (failedDependencies + skippedDependencies > 0 || hasConditions(step)) return false;
  return step.fallback_of === undefined && graph.fallbacks[index] === undefined;
}

/** Without a look at all of a step: most of those that a group cannot begin are looked at for nothing else. */
function conditionsOf(steps: readonly Step[]): (index: number) => boolean {
  const [condition, skipIf] = [stepField(steps, 'condition'), stepField(steps, 'skip_if')];
  return (index) => condition(index) !== undefined || skipIf(index).length > 0;
}

function hasConditions({ condition, skip_if }: Step): boolean {
  return condition !== undefined || skip_if.length > 0;
}
