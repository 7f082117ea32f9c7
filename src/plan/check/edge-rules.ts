import { formatPath, stringsOf } from '../problems/paths.js';
import type { Problems } from '../problems/problems.js';
import type { SourceEntry } from '../document/source-steps.js';

type Path = readonly PropertyKey[];

/** Where a dependency is written, and what it leads to. */
export interface Edge {
  target: number;
  path: Path;
  /** How a cycle tells it. */
  reason: string;
}

/** What the checks of edges need to know of the whole document. */
export interface GraphContext {
  entries: readonly SourceEntry[];
  /** Position of each id. */
  index: ReadonlyMap<string, number>;
  providers: ReadonlyMap<string, readonly Provider[]>;
  problems: Problems;
  /** Hint for a misspelt name, as long as there are few of them. */
  near: (name: string, known: Iterable<string>) => string | undefined;
}

interface Provider {
  position: number;
  path: Path;
}

/** Which steps provide a name. */
export function indexProviders(entries: readonly SourceEntry[]): Map<string, Provider[]> {
  const providers = new Map<string, Provider[]>();
  for (const [position, { step, path }] of entries.entries()) {
    for (const [entry, name] of stringsOf(step?.['provides'])) {
      const known = providers.get(name) ?? [];
      // The same step may say it twice: still one provider.
      if (known.at(-1)?.position !== position) known.push({ position, path: [...path, 'provides', entry] });
      providers.set(name, known);
    }
  }
  return providers;
}

/** The dependencies of a step, as far as they lead somewhere; what is wrong with the others becomes a problem. */
export function edgesOf(context: GraphContext, position: number): Edge[] {
  const edges = dependencyEdges(context, position).concat(resourceEdges(context, position));
  return edges.filter((edge) => staysInPart(context, position, edge));
}

/** A step as messages call it: its id, or its place where it has none. */
export function nameOf({ step, path }: SourceEntry): string {
  return typeof step?.['id'] === 'string' ? `'${step['id']}'` : formatPath(path);
}

function dependencyEdges({ entries, index, problems, near }: GraphContext, position: number): Edge[] {
  const { step, path: stepPath } = entries[position]!;
  const edges: Edge[] = [];
  const seen = new Map<string, Path>();
  for (const [entry, id] of stringsOf(step?.['depends_on'])) {
    const path = [...stepPath, 'depends_on', entry];
    const earlier = seen.get(id);
    if (earlier !== undefined) {
      const related = [{ message: 'first named here', path: earlier }];
      const message = `'${id}' is named twice`;
      problems.add({ code: 'duplicate_dependency', path, message, hint: 'remove one', related });
      continue;
    }
    seen.set(id, path);
    const target = index.get(id);
    if (id === step?.['id']) {
      problems.add({ code: 'self_dependency', path, message: `step '${id}' depends on itself`, hint: 'remove it' });
    } else if (target === undefined) {
      const hint = near(id, index.keys());
      problems.add({ code: 'unknown_dependency', path, message: `there is no step '${id}'`, hint });
    } else {
      edges.push({ target, path, reason: 'waits for' });
    }
  }
  return edges;
}

function resourceEdges({ entries, providers, problems, near }: GraphContext, position: number): Edge[] {
  const { step, path: stepPath } = entries[position]!;
  const edges: Edge[] = [];
  for (const [entry, name] of stringsOf(step?.['consumes'])) {
    const path = [...stepPath, 'consumes', entry];
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
        hint: 'give each its own name, or say which one is meant with depends_on',
        related: known.slice(0, 20).map((provider) => ({ message: 'provided here', path: provider.path })),
      });
    } else if (only.position === position) {
      const message = `the step consumes '${name}', which it provides itself`;
      problems.add({ code: 'self_dependency', path, message, hint: 'remove one of the two' });
    } else {
      edges.push({ target: only.position, path, reason: `consumes '${name}' of` });
    }
  }
  return edges;
}

/** Between main and `finally` steps there are no edges: the latter run once all of the former have ended. */
function staysInPart({ entries, problems }: GraphContext, position: number, edge: Edge): boolean {
  const from = entries[position]!;
  const to = entries[edge.target]!;
  if (from.finally === to.finally) return true;
  problems.add({
    code: 'finally_dependency',
    path: edge.path,
    message: from.finally
      ? `the finally step ${nameOf(from)} cannot wait for ${nameOf(to)}: it runs once all main steps have ended anyway`
      : `${nameOf(from)} cannot wait for the finally step ${nameOf(to)}: that runs once all main steps have ended`,
    hint: from.finally ? 'remove it; to react to how it ended, use condition' : 'remove it',
  });
  return false;
}
