import { findCycles } from './cycles.js';
import { formatPath, isMap, stringsOf } from './paths.js';
import type { Problems } from './problems.js';
import { didYouMean } from './suggest.js';

type Path = readonly PropertyKey[];

/** Where a dependency is written, and what it leads to. */
interface Edge {
  target: number;
  path: Path;
  /** How a cycle tells it. */
  reason: string;
}

/** Comparing a name with those of ten thousand steps costs; a plan with more unknown ones has another problem. */
const MAX_SUGGESTIONS = 20;

/** Checks what no schema can: that ids are unique, that edges lead somewhere and that no steps wait for each other. */
export function checkGraph(source: Record<string, unknown>, problems: Problems): void {
  const steps = Array.isArray(source['steps']) ? (source['steps'] as unknown[]) : [];
  const index = indexIds(steps, problems);
  const providers = indexProviders(steps);
  const ids = [...index.keys()];
  let left = MAX_SUGGESTIONS;
  const near = (name: string, known: Iterable<string>) => {
    left -= 1;
    return left >= 0 ? didYouMean(name, known) : undefined;
  };
  const edges = steps.map((step, position): Edge[] => {
    if (!isMap(step)) return [];
    const context = { position, step, problems, near };
    return dependencyEdges(context, index, ids).concat(resourceEdges(context, providers));
  });
  checkCycles(steps, edges, problems);
}

interface StepContext {
  position: number;
  step: Record<string, unknown>;
  problems: Problems;
  near: (name: string, known: Iterable<string>) => string | undefined;
}

/** The first step of each id. Ids become folders, so those that differ by case alone are duplicates too. */
function indexIds(steps: readonly unknown[], problems: Problems): Map<string, number> {
  const index = new Map<string, number>();
  const folded = new Map<string, number>();
  for (const [position, step] of steps.entries()) {
    const id = idOf(step);
    if (id === undefined) continue;
    const path = ['steps', position, 'id'];
    if (id === '__proto__') {
      problems.add({ code: 'invalid_id', path, message: `'__proto__' is no valid id`, hint: 'choose another id' });
    }
    const first = folded.get(id.toLowerCase());
    if (first === undefined) folded.set(id.toLowerCase(), position);
    else {
      const same = idOf(steps[first]) === id;
      problems.add({
        code: 'duplicate_id',
        path,
        message: same ? `the id '${id}' is taken` : `the id '${id}' differs from '${idOf(steps[first])}' by case alone`,
        ...(same ? {} : { hint: 'ids become folders, and some file systems ignore case' }),
        related: [{ message: 'first used here', path: ['steps', first, 'id'] }],
      });
    }
    if (!index.has(id)) index.set(id, position);
  }
  return index;
}

function idOf(step: unknown): string | undefined {
  return isMap(step) && typeof step['id'] === 'string' ? step['id'] : undefined;
}

function indexProviders(steps: readonly unknown[]): Map<string, { position: number; path: Path }[]> {
  const providers = new Map<string, { position: number; path: Path }[]>();
  for (const [position, step] of steps.entries()) {
    if (!isMap(step)) continue;
    for (const [entry, name] of stringsOf(step['provides'])) {
      const known = providers.get(name) ?? [];
      // The same step may say it twice: still one provider.
      if (known.at(-1)?.position !== position) known.push({ position, path: ['steps', position, 'provides', entry] });
      providers.set(name, known);
    }
  }
  return providers;
}

function dependencyEdges(context: StepContext, index: ReadonlyMap<string, number>, ids: readonly string[]): Edge[] {
  const { position, step, problems, near } = context;
  const edges: Edge[] = [];
  const seen = new Map<string, Path>();
  for (const [entry, id] of stringsOf(step['depends_on'])) {
    const path = ['steps', position, 'depends_on', entry];
    const earlier = seen.get(id);
    if (earlier !== undefined) {
      const related = [{ message: 'first named here', path: earlier }];
      problems.add({
        code: 'duplicate_dependency',
        path,
        message: `'${id}' is named twice`,
        hint: 'remove one',
        related,
      });
      continue;
    }
    seen.set(id, path);
    const target = index.get(id);
    if (id === idOf(step)) {
      problems.add({ code: 'self_dependency', path, message: `step '${id}' waits for itself`, hint: 'remove it' });
    } else if (target === undefined) {
      problems.add({ code: 'unknown_dependency', path, message: `there is no step '${id}'`, hint: near(id, ids) });
    } else {
      edges.push({ target, path, reason: 'waits for' });
    }
  }
  return edges;
}

function resourceEdges(context: StepContext, providers: ReturnType<typeof indexProviders>): Edge[] {
  const { position, step, problems, near } = context;
  const edges: Edge[] = [];
  for (const [entry, name] of stringsOf(step['consumes'])) {
    const path = ['steps', position, 'consumes', entry];
    const known = providers.get(name) ?? [];
    const only = known[0];
    if (only === undefined) {
      const hint = near(name, providers.keys()) ?? `add '${name}' to the provides of the step that makes it`;
      problems.add({ code: 'unknown_resource', path, message: `no step provides '${name}'`, hint });
    } else if (known.length > 1) {
      problems.add({
        code: 'ambiguous_resource',
        path,
        message: `${known.length} steps provide '${name}'`,
        hint: 'give each its own name, or say which one is meant by depends_on',
        related: known.slice(0, 20).map((provider) => ({ message: 'provided here', path: provider.path })),
      });
    } else if (only.position === position) {
      problems.add({
        code: 'self_dependency',
        path,
        message: `the step consumes '${name}', which it provides itself`,
        hint: 'remove one of the two',
      });
    } else {
      edges.push({ target: only.position, path, reason: `consumes '${name}' of` });
    }
  }
  return edges;
}

function checkCycles(steps: readonly unknown[], edges: readonly (readonly Edge[])[], problems: Problems): void {
  for (const cycle of findCycles(edges.map((list) => list.map((edge) => edge.target)))) {
    const told = cycle.map((from, place) => {
      const to = cycle[(place + 1) % cycle.length]!;
      const edge = edges[from]!.find((candidate) => candidate.target === to)!;
      return { message: `${nameOf(steps, from)} ${edge.reason} ${nameOf(steps, to)}`, path: edge.path };
    });
    const around = [...cycle, cycle[0]!].map((position) => nameOf(steps, position));
    const shown = around.length > 12 ? [...around.slice(0, 10), '…', around.at(-1)!] : around;
    problems.add({
      code: 'dependency_cycle',
      path: told[0]!.path,
      message: `these steps wait for each other: ${shown.join(' → ')}`,
      hint: 'remove one of these dependencies',
      related: told,
    });
  }
}

function nameOf(steps: readonly unknown[], position: number): string {
  const id = idOf(steps[position]);
  return id === undefined ? formatPath(['steps', position]) : `'${id}'`;
}
