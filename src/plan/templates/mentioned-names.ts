import type { Plan } from '../model/plan.js';

/** `${NAME}`, `${NAME:-x}`, and `$NAME` as scripts write it; `$$` is a literal dollar. */
const MENTION = /(?<!\$)\$(?:\{([A-Za-z_]\w*)|([A-Za-z_]\w*))/g;

/** The names that the texts of a plan mention, templates and scripts alike, declared or not. */
export function mentionedNames(plan: Plan): Set<string> {
  const names = new Set<string>();
  for (const [, braced, plain] of JSON.stringify(plan).matchAll(MENTION)) names.add((braced ?? plain)!);
  return names;
}
