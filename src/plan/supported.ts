import { isMap } from './paths.js';
import type { Problems } from './problems.js';
import { sourceSteps } from './source-steps.js';

/**
 * Keys that the schema knows and this version does not act on, with the value that changes nothing and is let pass.
 * A key that is honoured one day leaves this list, and nothing else has to change here.
 */
const GLOBALS = { agents: {}, budget: {} };
const STEP_TYPES = ['agent'];

/** Refuses what the language has and this version does not run: silently ignoring a lock would be worse. */
export function refuseUnsupported(source: Record<string, unknown>, problems: Problems): void {
  if (isMap(source['globals'])) refuseKeys(source['globals'], GLOBALS, ['globals'], problems);
  for (const { step, path } of sourceSteps(source)) {
    if (step === undefined) continue;
    const type = isMap(step['step_def']) ? step['step_def']['type'] : undefined;
    if (STEP_TYPES.includes(type as string)) {
      problems.add({
        code: 'not_supported_yet',
        path: [...path, 'step_def', 'type'],
        message: `steps of type '${String(type)}' are not supported yet`,
        hint: 'this version runs command, shell, powershell, http, approval, wait, plan and noop',
      });
    }
  }
}

function refuseKeys(
  map: Record<string, unknown>,
  keys: Readonly<Record<string, unknown>>,
  path: readonly PropertyKey[],
  problems: Problems,
): void {
  for (const [key, harmless] of Object.entries(keys)) {
    const value = Object.hasOwn(map, key) ? (map[key] ?? undefined) : undefined;
    if (value === undefined || JSON.stringify(value) === JSON.stringify(harmless)) continue;
    problems.add({
      code: 'not_supported_yet',
      path: [...path, key],
      message: `'${key}' is not supported yet`,
      hint: 'remove it; a later version will act on it',
    });
  }
}
