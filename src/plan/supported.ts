import { isMap } from './paths.js';
import type { Problems } from './problems.js';

/**
 * Keys that the schema knows and this version does not act on, with the value that changes nothing and is let pass.
 * A key that is honoured one day leaves this list, and nothing else has to change here.
 */
const TOP = { finally: [] };
const GLOBALS = {
  max_step_duration_sec: 'none',
  run_timeout_sec: 'none',
  finally_timeout_sec: 600,
  on_abort: 'fail',
  breaker: undefined,
  locks: [],
  agents: {},
  budget: {},
  secrets: {},
};
const STEP = {
  condition: undefined,
  skip_if: [],
  fallback_step: undefined,
  foreach: undefined,
  max_parallel: undefined,
  locks: [],
  run_once: false,
  max_output_bytes: 1_073_741_824,
  secrets: {},
};
const STEP_TYPES = ['powershell', 'agent', 'http', 'approval', 'wait', 'plan'];

/** Refuses what the language has and this version does not run: silently ignoring a condition would be worse. */
export function refuseUnsupported(source: Record<string, unknown>, problems: Problems): void {
  refuseKeys(source, TOP, [], problems);
  if (isMap(source['globals'])) refuseKeys(source['globals'], GLOBALS, ['globals'], problems);
  const steps: unknown = source['steps'];
  if (!Array.isArray(steps)) return;
  for (const [index, step] of steps.entries()) {
    if (!isMap(step)) continue;
    refuseKeys(step, STEP, ['steps', index], problems);
    const type = isMap(step['step_def']) ? step['step_def']['type'] : undefined;
    if (STEP_TYPES.includes(type as string)) {
      problems.add({
        code: 'not_supported_yet',
        path: ['steps', index, 'step_def', 'type'],
        message: `steps of type '${String(type)}' are not supported yet`,
        hint: 'this version runs command, shell and noop',
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
