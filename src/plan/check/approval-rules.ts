import type { Json } from '../model/values.js';
import { jsonEquals } from '../templates/input-types.js';
import { isMap } from '../problems/paths.js';
import { quote, type Problems } from '../problems/problems.js';
import { sourceSteps } from '../document/source-steps.js';

/** What decides who may answer an approval, and what they are asked for. */
const SHARED = ['approvers', 'inputs'] as const;

/** Approvals of one key have one answer, so that they must ask the same people for the same things. */
export function checkApprovalKeys(source: Record<string, unknown>, problems: Problems): void {
  const first = new Map<string, { def: Record<string, unknown>; path: readonly PropertyKey[] }>();
  for (const { step, path } of sourceSteps(source)) {
    const def = step?.['step_def'];
    if (!isMap(def) || def['type'] !== 'approval' || typeof def['key'] !== 'string') continue;
    const known = first.get(def['key']);
    if (known === undefined) {
      first.set(def['key'], { def, path });
      continue;
    }
    for (const field of SHARED) {
      if (jsonEquals((known.def[field] ?? null) as Json, (def[field] ?? null) as Json)) continue;
      problems.add({
        code: 'conflicting_keys',
        path: [...path, 'step_def', def[field] === undefined ? 'key' : field],
        message: `approvals with the key ${quote(def['key'])} share one answer, but differ in '${field}'`,
        hint: `give them the same '${field}', or different keys`,
        related: [{ message: 'the first one', path: [...known.path, 'step_def', 'key'] }],
      });
    }
  }
}
