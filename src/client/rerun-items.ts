import type { Plan, Step } from '../plan/model/plan.js';
import type { Json } from '../plan/model/values.js';
import { splitInstanceName } from '../plan/templates/item-label.js';
import type { ReusedItem, RunInput } from '../contract/run-input.js';
import type { PastInstance, PastRun, RerunDecision, RerunMode, RunsAgain } from './rerun-types.js';
import { defined } from '../basics/defined.js';

/** The names of a rerun without items, and the items among them: `extract[orders]`, or by number `extract[0]`. */
export function namedItems(
  plan: Plan,
  { from, only }: RerunMode,
): { whole: RerunMode; items: ReadonlyMap<string, ReadonlySet<string>> } {
  const items = new Map<string, Set<string>>();
  const stepOf = (name: string): string => {
    const { step, item } = splitInstance(plan, name);
    if (item !== undefined) items.set(step, new Set([...(items.get(step) ?? []), item]));
    return step;
  };
  const steps = (names: readonly string[] | undefined): string[] | undefined =>
    names && [...new Set(names.map(stepOf))];
  return { whole: defined({ from: steps(from), only: steps(only) }), items };
}

function splitInstance(plan: Plan, name: string): { step: string; item?: string } {
  const instance = splitInstanceName(name);
  const isEach = plan.steps.some(({ id, foreach }) => id === instance?.step && foreach !== undefined);
  return isEach ? instance! : { step: name };
}

/** Whether a name of an item means an instance. What items are called goes before what number they have. */
export function isNamed(instances: readonly PastInstance[], { item, index }: PastInstance, name: string): boolean {
  return item === name || (name === String(index) && !instances.some((other) => other.item === name));
}

/**
 * Which items of a `foreach` run again, where others can be taken over: those that did not go well, and those that
 * are named.
 *
 * @param read its outputs that the new plan reads
 */
export function itemsAgain(
  { steps, instances: known }: PastRun,
  { id, foreach }: Step,
  { read, named }: { read: readonly string[]; named: ReadonlySet<string> },
): Pick<RunsAgain, 'items' | 'items_reused'> {
  const instances = known?.get(id) ?? [];
  const outputs = steps.find((step) => step.id === id)?.outputs ?? {};
  if (foreach === undefined || read.some((name) => !Array.isArray(outputs[name]))) return {};
  const asked = (each: PastInstance): boolean => [...named].some((name) => isNamed(instances, each, name));
  const kept = instances.filter((each) => each.item !== undefined && isGood(each) && !asked(each));
  const again = instances.filter((each) => !kept.includes(each));
  // Where each one went well, it is all of them together that did not.
  if (kept.length === 0 || again.length === 0) return {};
  return { items_reused: kept.map(({ index }) => index), items: again.map(({ item, index }) => item ?? String(index)) };
}

function isGood({ status }: PastInstance): boolean {
  return status === 'success' || status === 'warning';
}

/** The results of instances as the input of the new run has them. */
export function itemsTakenOver(
  { run_id, steps, instances }: PastRun,
  again: RerunDecision['again'],
): Pick<RunInput, 'reused_items'> {
  const lists = again.flatMap(({ step, items_reused }): [string, Record<string, ReusedItem>][] => {
    if (items_reused === undefined) return [];
    const outputs = steps.find(({ id }) => id === step)?.outputs ?? {};
    const known = new Map(instances?.get(step)?.map((each) => [each.index, each]));
    const items = items_reused.map((index): [string, ReusedItem] => {
      const { item, status } = known.get(index)!;
      return [String(index), { item: item!, report: reportOf(status, outputs, { index, from: run_id }) }];
    });
    return [[step, Object.fromEntries(items)]];
  });
  return lists.length === 0 ? {} : { reused_items: Object.fromEntries(lists) };
}

function reportOf(
  status: string,
  outputs: Readonly<Record<string, Json>>,
  { index, from }: { index: number; from: string },
): ReusedItem['report'] {
  const own = Object.entries(outputs).map(([name, list]) => [name, (list as Json[])[index] ?? null]);
  return {
    status: status === 'warning' ? 'warning' : 'success',
    reason: 'reused',
    message: `from ${from}`,
    attempts: 0,
    outputs: Object.fromEntries(own) as Record<string, Json>,
  };
}
