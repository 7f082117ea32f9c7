import { textOf, type StageEntry } from './stages.js';

/** What steps, plans and folders are called by. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** Whether an id can stay as it is. */
export function isPlainId(id: string): boolean {
  return PLAIN.test(id) && id !== '__proto__';
}

/** An id with other signs (`build:web`, `@scope/pkg`) as a name that folders can have. */
export function plainId(id: string): string {
  if (isPlainId(id)) return id;
  const plain = id
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 128);
  return plain === '' || plain === '__proto__' ? 'id' : plain;
}

/**
 * The ids that the stages of a pipeline have as steps, in their order. One that is taken, because a set stands there
 * twice say, gets a number; the same file gives the same ids each time.
 */
export function stepIds(stages: readonly StageEntry[]): string[] {
  return uniqueIds(stages.map(({ stage }) => textOf(stage['id'])));
}

/** The names of ids, each of them once, also where case is ignored. */
export function uniqueIds(ids: readonly string[]): string[] {
  // Those that can stay as they are do, whatever others would become.
  const reserved = new Set(ids.filter(isPlainId).map((id) => id.toLowerCase()));
  const taken = new Set<string>();
  return ids.map((id) => {
    const wanted = plainId(id);
    const free = (name: string): boolean => {
      const folded = name.toLowerCase();
      return !taken.has(folded) && (name === id || !reserved.has(folded));
    };
    let name = wanted;
    for (let number = 2; !free(name); number += 1) name = `${wanted.slice(0, 120)}-${number}`;
    taken.add(name.toLowerCase());
    return name;
  });
}
