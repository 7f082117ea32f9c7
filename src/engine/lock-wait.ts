import type { LockWait } from './state.js';

/** What somebody waits for who wants a lock: goes after "it" or "the run". */
export function lockWaitText({ name, holder }: LockWait): string {
  return name === undefined ? 'requests its locks' : `waits for lock '${name}', held by run '${holder}'`;
}
