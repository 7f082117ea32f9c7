import type { Diagnostic, Result } from '../model/diagnostic.js';
import type { Graph } from './graph.js';
import { suggest } from '../problems/suggest.js';
import type { Plan } from '../model/plan.js';

/** Which steps of a plan a run takes, by id, or by a tag with a colon (`phase:2`). What several options leave over is what all of them allow. */
export interface Selection {
  /** Only these. */
  only?: readonly string[];
  /** These and what comes after them. */
  from?: readonly string[];
  /** These and what they need. */
  to?: readonly string[];
  /** Not these; what depends on them goes on. */
  skip?: readonly string[];
}

/**
 * The steps that a selection leaves out, by index; for their dependents they count as done.
 *
 * `finally` steps clean up after whatever ran, so only `skip` leaves one out. A fallback goes with its owner.
 */
export function leftOut(plan: Plan, graph: Graph, selection: Selection): Result<Set<number>, Diagnostic[]> {
  const problems: Diagnostic[] = [];
  const read = (option: keyof Selection): number[] | undefined =>
    selection[option]?.flatMap((id) => stepsNamed(plan, graph, id) ?? note(problems, { plan, graph }, option, id));
  const { only, from, to, skip } = { only: read('only'), from: read('from'), to: read('to'), skip: read('skip') };
  if (problems.length > 0) return { ok: false, error: problems };
  const allowed = [
    only && new Set(only),
    from && reach(from, graph.dependents),
    to && reach(to, graph.dependencies),
  ].filter((steps) => steps !== undefined);
  const out = new Set(skip);
  plan.steps.forEach((step, index) => {
    const owner = ownerOf(graph, index);
    if (!step.finally && !allowed.every((steps) => steps.has(index) || steps.has(owner))) out.add(index);
  });
  return { ok: true, value: out };
}

/** A step by its id, or all that have a tag: `phase:2`. No step's id has a colon, so that neither is taken for the other. */
function stepsNamed(plan: Plan, graph: Graph, name: string): number[] | undefined {
  const step = graph.index.get(name);
  if (step !== undefined) return [step];
  const tagged = name.includes(':')
    ? plan.steps.flatMap(({ tags }, index) => (tags.includes(name) ? [index] : []))
    : [];
  return tagged.length === 0 ? undefined : tagged;
}

/** The step that a fallback, or its fallback, stands in for in the end; the step itself where it is none. */
function ownerOf(graph: Graph, index: number): number {
  let owner = index;
  for (let next = graph.owners[owner]; next !== undefined; next = graph.owners[owner]) owner = next;
  return owner;
}

function reach(start: readonly number[], edges: readonly (readonly number[])[]): Set<number> {
  const found = new Set(start);
  const worklist = [...start];
  for (let next = worklist.pop(); next !== undefined; next = worklist.pop()) {
    for (const other of edges[next]!) {
      if (found.has(other)) continue;
      found.add(other);
      worklist.push(other);
    }
  }
  return found;
}

function tagsOf(plan: Plan): string[] {
  return [...new Set(plan.steps.flatMap(({ tags }) => tags))];
}

function note(
  problems: Diagnostic[],
  { plan, graph }: { plan: Plan; graph: Graph },
  option: string,
  id: string,
): number[] {
  const known = id.includes(':') ? tagsOf(plan) : graph.ids;
  const near = suggest(id, known);
  problems.push({
    code: 'unknown_step',
    severity: 'error',
    message: `--${option} ${id}: the plan has no ${id.includes(':') ? 'tag' : 'step'} '${id}'`,
    ...(near === undefined ? {} : { hint: `did you mean '${near}'?` }),
  });
  return [];
}
