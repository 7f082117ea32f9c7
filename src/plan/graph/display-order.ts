import { defined } from '../../basics/defined.js';
/** What a plan says of how a step is shown. */
export interface DisplayHints {
  group?: string;
  /** Lower ones come first; default 0. */
  weight?: number;
}

/** Steps shown under one heading. */
export interface DisplayGroup<T> {
  /** Absent for the steps without one, which come first. */
  group?: string;
  items: T[];
}

/** Groups in the order in which they are first named, and in each the lighter steps first, else in plan order. */
export function groupForDisplay<T extends DisplayHints>(items: readonly T[]): DisplayGroup<T>[] {
  const plain: DisplayGroup<T> = { items: [] };
  const groups = new Map<string | undefined, DisplayGroup<T>>([[undefined, plain]]);
  for (const item of items) {
    const { group } = item;
    const known = groups.get(group);
    if (known !== undefined) known.items.push(item);
    else groups.set(group, { ...defined({ group }), items: [item] });
  }
  const shown = [...groups.values()].filter((each) => each.items.length > 0);
  for (const { items: members } of shown) members.sort((a, b) => (a.weight ?? 0) - (b.weight ?? 0)); // a stable sort
  return shown;
}
