import type { Manifest, ManifestTask, Mode } from './manifest.js';
import { unreachable } from '../../basics/unreachable.js';

/** A step that only joins others: no task, and not shown as one. */
export interface Joint {
  id: string;
  name: string;
  waitsFor: readonly string[];
  /** True where failures do not matter: it puts tasks in order, and makes nobody depend on them. */
  whateverEnds: boolean;
  stage: number;
}

/** A task with all that it waits for. */
export interface OrderedTask {
  task: ManifestTask;
  stage: number;
  /** Place in its stage. */
  place: number;
  /** Ids of tasks and joints; what the task itself names comes last. */
  waitsFor: readonly string[];
}

/** What starts when, in the order of the manifest. */
export type Ordered = OrderedTask | Joint;

/**
 * Puts the tasks of a valid manifest in order. A task waits for what it names and for all tasks of the stages before
 * it; the latter through a joint for each stage, so that large stages do not make an edge for each pair of tasks.
 *
 * Names of joints start with `_`, which no task's id does.
 */
export function orderTasks({ stages }: Manifest, mode: Mode): Ordered[] {
  if (mode === 'all-parallel') {
    return stages.flatMap(({ tasks }, stage) => tasks.map((task, place) => ({ task, stage, place, waitsFor: [] })));
  }
  return stages.flatMap(({ tasks }, stage) => {
    const barrier = barrierBefore(stages, stage);
    const batches = batchesOf(tasks, mode);
    const batchOf = new Map(batches.flatMap((batch, number) => batch.map((id) => [id, number] as const)));
    const joints = new Map<number, Joint>();
    const ordered = tasks.map((task, place): OrderedTask => {
      const number = batchOf.get(task.id)!;
      const named = task.depends ?? [];
      const join = number > 0 ? jointAfter(batches[number - 1]!, stage, number, named) : undefined;
      if (join !== undefined) joints.set(number, join);
      const waitsFor = new Set([...barrier.waitsFor, ...(join === undefined ? [] : [join.id]), ...named]);
      return { task, stage, place, waitsFor: [...waitsFor] };
    });
    return [...barrier.joints, ...ordered, ...joints.values()];
  });
}

/** What every task of a stage waits for. One task on either side needs no joint: there are as few edges without. */
function barrierBefore(stages: Manifest['stages'], stage: number): { waitsFor: string[]; joints: Joint[] } {
  const before = stages[stage - 1];
  if (before === undefined) return { waitsFor: [], joints: [] };
  const ids = before.tasks.map(({ id }) => id);
  if (ids.length === 1 || stages[stage]!.tasks.length === 1) return { waitsFor: ids, joints: [] };
  const joint: Joint = {
    id: `_stage-${stage}`,
    name: `all of stage ${before.name === '' ? stage : `'${before.name}'`}`,
    waitsFor: ids,
    whateverEnds: false,
    stage: stage - 1,
  };
  return { waitsFor: [joint.id], joints: [joint] };
}

/** The joint that holds a batch until the one before it has ended; none for a task that names all of that one anyway. */
function jointAfter(
  ids: readonly string[],
  stage: number,
  number: number,
  named: readonly string[],
): Joint | undefined {
  if (ids.every((id) => named.includes(id))) return undefined;
  const id = `_stage-${stage + 1}-batch-${number}`;
  return { id, name: `batch ${number} of stage ${stage + 1}`, waitsFor: ids, whateverEnds: true, stage };
}

/** Parts of a stage that run one after the other, whatever becomes of their tasks. */
function batchesOf(tasks: readonly ManifestTask[], mode: Mode): string[][] {
  switch (mode) {
    case 'all-sequential':
      return sequence(tasks).map((id) => [id]);
    case 'manual-batching':
      return waves(tasks);
    case 'dependency-driven':
    case 'all-parallel':
      return [tasks.map(({ id }) => id)];
    default:
      return unreachable(mode);
  }
}

/** The tasks of a stage one by one: always the first of the manifest that waits for nothing else. */
function sequence(tasks: readonly ManifestTask[]): string[] {
  const position = new Map(tasks.map(({ id }, place) => [id, place]));
  const awaited = tasks.map(({ depends }) => (depends ?? []).filter((id) => position.has(id)).length);
  const dependents: number[][] = tasks.map(() => []);
  for (const [place, { depends }] of tasks.entries()) {
    for (const id of depends ?? []) if (position.has(id)) dependents[position.get(id)!]!.push(place);
  }
  /** Places of tasks that wait for nothing, the first one last. */
  const ready = [...awaited.keys()].filter((place) => awaited[place] === 0).toReversed();
  const order: string[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    order.push(tasks[next]!.id);
    for (const follower of dependents[next]!) {
      awaited[follower]! -= 1;
      if (awaited[follower] === 0) insert(ready, follower);
    }
  }
  return order;
}

/** Puts a place into a list that falls. */
function insert(list: number[], place: number): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]! > place) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, place);
}

/** Tasks of a stage by what they wait for within it: each right behind the last of those. */
function waves(tasks: readonly ManifestTask[]): string[][] {
  const level = new Map<string, number>();
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const id of sequence(tasks)) {
    const named = (byId.get(id)!.depends ?? []).flatMap((each) => level.get(each) ?? []);
    level.set(id, Math.max(-1, ...named) + 1);
  }
  const found: string[][] = [];
  for (const { id } of tasks) (found[level.get(id)!] ??= []).push(id);
  return found;
}
