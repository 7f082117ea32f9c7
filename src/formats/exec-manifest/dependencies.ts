import { findCycles } from '../../plan/graph/cycles.js';
import { formatPath, isMap, stringsOf } from '../../plan/problems/paths.js';
import type { Problems } from '../../plan/problems/problems.js';
import { didYouMean } from '../../plan/problems/suggest.js';

type Path = readonly PropertyKey[];

/** Comparing a name with those of all tasks costs; a manifest with more unknown ones has another problem. */
const MAX_SUGGESTIONS = 20;

/** A task of a document that may be wrong anywhere. */
interface Entry {
  /** Absent where it has none that is a text. */
  id?: string;
  depends: unknown;
  stage: number;
  stageName: string;
  path: Path;
}

interface Edge {
  target: number;
  path: Path;
}

/** Checks what no schema can: that ids are unique, that dependencies lead somewhere, and that no tasks wait for each other. */
export function checkDependencies(document: Record<string, unknown>, problems: Problems): void {
  const entries = entriesOf(document);
  const index = indexIds(entries, problems);
  let left = MAX_SUGGESTIONS;
  const near = (name: string): string | undefined => {
    left -= 1;
    return left >= 0 ? didYouMean(name, index.keys()) : undefined;
  };
  const edges = entries.map((entry, position) =>
    edgesOf(entry, index, near, problems).filter((edge) => notLater(entries, position, edge, problems)),
  );
  addCycles(entries, edges, problems);
}

function entriesOf({ stages }: Record<string, unknown>): Entry[] {
  if (!Array.isArray(stages)) return [];
  return (stages as unknown[]).flatMap((stage, number): Entry[] => {
    if (!isMap(stage) || !Array.isArray(stage['tasks'])) return [];
    const name = typeof stage['name'] === 'string' ? stage['name'] : '';
    return (stage['tasks'] as unknown[]).flatMap((task, place) => {
      if (!isMap(task)) return [];
      return [
        {
          ...(typeof task['id'] === 'string' ? { id: task['id'] } : {}),
          depends: task['depends'],
          stage: number,
          stageName: name,
          path: ['stages', number, 'tasks', place],
        },
      ];
    });
  });
}

/** The first task of each id. Ids become folders, so those that differ only by case are duplicates too. */
function indexIds(entries: readonly Entry[], problems: Problems): Map<string, number> {
  const index = new Map<string, number>();
  const folded = new Map<string, number>();
  for (const [position, { id, path }] of entries.entries()) {
    if (id === undefined) continue;
    const first = folded.get(id.toLowerCase());
    if (first === undefined) {
      folded.set(id.toLowerCase(), position);
    } else {
      const taken = entries[first]!.id!;
      problems.add({
        code: 'duplicate_id',
        path: [...path, 'id'],
        message: taken === id ? `duplicate id '${id}'` : `the id '${id}' differs from '${taken}' only by case`,
        hint: taken === id ? undefined : 'ids become folders, and some file systems ignore case',
        related: [{ message: 'first used here', path: [...entries[first]!.path, 'id'] }],
      });
    }
    if (!index.has(id)) index.set(id, position);
  }
  return index;
}

/** What a task says it needs, as far as that leads to another task. */
function edgesOf(
  { id, depends, path }: Entry,
  index: ReadonlyMap<string, number>,
  near: (name: string) => string | undefined,
  problems: Problems,
): Edge[] {
  const edges: Edge[] = [];
  const seen = new Map<string, Path>();
  for (const [place, name] of stringsOf(depends)) {
    const at = [...path, 'depends', place];
    const earlier = seen.get(name);
    const target = index.get(name);
    if (earlier !== undefined) {
      const related = [{ message: 'first named here', path: earlier }];
      problems.add({
        code: 'duplicate_dependency',
        path: at,
        message: `'${name}' is named twice`,
        hint: 'remove one',
        related,
      });
    } else if (name === id) {
      problems.add({
        code: 'self_dependency',
        path: at,
        message: `task '${name}' depends on itself`,
        hint: 'remove it',
      });
    } else if (target === undefined) {
      problems.add({ code: 'unknown_dependency', path: at, message: `there is no task '${name}'`, hint: near(name) });
    } else {
      edges.push({ target, path: at });
    }
    seen.set(name, earlier ?? at);
  }
  return edges;
}

/** A dependency on a later stage is a cycle: that stage waits for all of this one. */
function notLater(entries: readonly Entry[], position: number, edge: Edge, problems: Problems): boolean {
  const from = entries[position]!;
  const to = entries[edge.target]!;
  if (to.stage <= from.stage) return true;
  const [own, other] = [nameOf(from), nameOf(to)];
  problems.add({
    code: 'dependency_cycle',
    path: edge.path,
    message: `these tasks depend on each other: ${own} → ${other} → ${own}`,
    hint: `${other} is in a later stage, which waits for all tasks of this one: move one of the two, or remove this dependency`,
    related: [
      { message: `${own} depends on ${other}`, path: edge.path },
      { message: `${other} waits for all of stage ${stageOf(from)}, and so for ${own}`, path: to.path },
    ],
  });
  return false;
}

/** What is left are edges within stages and back to earlier ones; only the former can make a circle. */
function addCycles(entries: readonly Entry[], edges: readonly (readonly Edge[])[], problems: Problems): void {
  for (const cycle of findCycles(edges.map((list) => list.map(({ target }) => target)))) {
    const told = cycle.map((from, place) => {
      const to = cycle[(place + 1) % cycle.length]!;
      const { path } = edges[from]!.find(({ target }) => target === to)!;
      return { message: `${nameOf(entries[from]!)} depends on ${nameOf(entries[to]!)}`, path };
    });
    const names = [...cycle, cycle[0]!].map((position) => nameOf(entries[position]!));
    const shown = names.length > 12 ? [...names.slice(0, 10), '…', names.at(-1)!] : names;
    problems.add({
      code: 'dependency_cycle',
      path: told[0]!.path,
      message: `these tasks depend on each other: ${shown.join(' → ')}`,
      hint: 'remove one of these dependencies',
      related: told,
    });
  }
}

function nameOf({ id, path }: Entry): string {
  return id === undefined ? formatPath(path) : `'${id}'`;
}

function stageOf({ stage, stageName }: Entry): string {
  return stageName === '' ? String(stage + 1) : `'${stageName}'`;
}
