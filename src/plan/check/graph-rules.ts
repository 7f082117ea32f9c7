import { checkCycles } from './cycle-rules.js';
import { edgesOf, indexProviders, type Edge, type GraphContext } from './edge-rules.js';
import { checkFallbacks } from './fallback-rules.js';
import { stringsOf } from '../problems/paths.js';
import type { Problems } from '../problems/problems.js';
import { sourceSteps, type SourceEntry } from '../document/source-steps.js';
import { didYouMean } from '../problems/suggest.js';

/** Comparing a name with those of ten thousand steps costs; a plan with more unknown ones has another problem. */
const MAX_SUGGESTIONS = 20;

/** What was found out about the edges of a document. */
export interface CheckedGraph {
  /** Position of each id. */
  index: ReadonlyMap<string, number>;
  /** Steps before this position are main ones, the others `finally` steps. */
  mainCount: number;
  /** For each step those whose end it awaits: its dependencies, and a fallback's owner. */
  before: readonly (readonly number[])[];
  /** False where edges are wrong or missing: then nothing can be said about who comes before whom. */
  sound: boolean;
}

/** Checks what no schema can: that ids are unique, that edges lead somewhere and that no steps wait for each other. */
export function checkGraph(source: Record<string, unknown>, problems: Problems): CheckedGraph {
  const problemsBefore = problems.found.length + problems.more;
  const entries = sourceSteps(source);
  const index = indexIds(entries, problems);
  let left = MAX_SUGGESTIONS;
  const near = (name: string, known: Iterable<string>) => {
    left -= 1;
    return left >= 0 ? didYouMean(name, known) : undefined;
  };
  const context: GraphContext = { entries, index, providers: indexProviders(entries), problems, near };
  const edges = entries.map((_, position): Edge[] => edgesOf(context, position));
  checkGuardrails(source, context);
  const owners = checkFallbacks(context);
  checkCycles(entries, edges, owners, problems);
  return {
    index,
    mainCount: entries.filter((entry) => !entry.finally).length,
    before: edges.map((list, position) => {
      const owner = owners[position];
      const targets = list.map((edge) => edge.target);
      return owner === undefined ? targets : [...targets, owner];
    }),
    sound: problems.found.length + problems.more === problemsBefore,
  };
}

function checkGuardrails(source: Record<string, unknown>, { index, problems, near }: GraphContext): void {
  for (const [entry, id] of stringsOf(source['guardrails'])) {
    if (index.has(id)) continue;
    const path = ['guardrails', entry];
    problems.add({ code: 'unknown_step', path, message: `there is no step '${id}'`, hint: near(id, index.keys()) });
  }
}

/** The first step of each id. Ids become folders, so those that differ only by case are duplicates too. */
function indexIds(entries: readonly SourceEntry[], problems: Problems): Map<string, number> {
  const index = new Map<string, number>();
  const folded = new Map<string, number>();
  for (const [position, entry] of entries.entries()) {
    const id = entry.step?.['id'];
    if (typeof id !== 'string') continue;
    const path = [...entry.path, 'id'];
    if (id === '__proto__') {
      problems.add({ code: 'invalid_id', path, message: `'__proto__' is not a valid id`, hint: 'choose another id' });
    }
    const first = folded.get(id.toLowerCase());
    if (first === undefined) folded.set(id.toLowerCase(), position);
    else addDuplicate(entries[first]!, id, path, problems);
    if (!index.has(id)) index.set(id, position);
  }
  return index;
}

function addDuplicate(first: SourceEntry, id: string, path: readonly PropertyKey[], problems: Problems): void {
  const taken = String(first.step!['id']);
  problems.add({
    code: 'duplicate_id',
    path,
    message: taken === id ? `duplicate id '${id}'` : `the id '${id}' differs from '${taken}' only by case`,
    ...(taken === id ? {} : { hint: 'ids become folders, and some file systems ignore case' }),
    related: [{ message: 'first used here', path: [...first.path, 'id'] }],
  });
}
