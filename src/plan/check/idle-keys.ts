import type { Problems } from '../problems/problems.js';

const EXIT_CODES = ['success_exit_codes', 'warning_exit_codes', 'summary'];
const FOREACH = ['foreach', 'max_parallel'];
const RETRIES = ['retries', 'retry_delay_sec', 'retry'];

/** Keys of a step that mean nothing for its kind: what has no process has no folder, no exit code and no retries. */
const IDLE: Readonly<Record<string, readonly string[]>> = {
  http: [...EXIT_CODES, 'cwd', 'grace_sec'],
  approval: [...EXIT_CODES, ...RETRIES, ...FOREACH, 'cwd', 'grace_sec', 'queue'],
  wait: [...EXIT_CODES, ...RETRIES, ...FOREACH, 'cwd', 'grace_sec', 'queue'],
  agent: EXIT_CODES,
  plan: [...EXIT_CODES, 'retry', 'cwd', 'grace_sec'],
  noop: [...EXIT_CODES, ...RETRIES, ...FOREACH, 'cwd', 'grace_sec', 'queue'],
};

/** Refuses keys that would be read and change nothing. */
export function refuseIdleKeys(
  step: Readonly<Record<string, unknown>>,
  type: unknown,
  path: readonly PropertyKey[],
  problems: Problems,
): void {
  if (isGiven(step, 'max_parallel') && !isGiven(step, 'foreach')) {
    const message = "'max_parallel' has no effect without 'foreach'";
    problems.add({ code: 'conflicting_keys', path: [...path, 'max_parallel'], message, hint: 'remove it' });
  }
  if (typeof type !== 'string' || !Object.hasOwn(IDLE, type)) return;
  for (const key of IDLE[type]!) {
    if (!isGiven(step, key)) continue;
    problems.add({
      code: 'conflicting_keys',
      path: [...path, key],
      message: `'${key}' has no effect on a step of type '${type}'`,
      hint: 'remove it',
    });
  }
}

/** `null` is the same as absent. */
function isGiven(step: Readonly<Record<string, unknown>>, key: string): boolean {
  return Object.hasOwn(step, key) && (step[key] ?? undefined) !== undefined;
}
