import type { Manifest, ManifestTask } from './manifest.js';

/** Results that a prompt carries at most. They share 32 KiB: of more, hardly a line each would be left. */
const MAX_RESULTS = 32;

/**
 * The tasks whose results a task's prompt carries, in the order of the manifest: those that it names, and those of the
 * stages before it. Where these are too many the nearest stages count.
 */
export function contextOf({ stages }: Manifest, { depends }: ManifestTask, stage: number): string[] {
  const chosen = new Set((depends ?? []).slice(0, MAX_RESULTS));
  for (let before = stage - 1; before >= 0; before -= 1) {
    for (const { id } of stages[before]!.tasks) {
      if (chosen.size >= MAX_RESULTS) break;
      chosen.add(id);
    }
  }
  if (chosen.size === 0) return [];
  return stages
    .slice(0, stage + 1)
    .flatMap(({ tasks }) => tasks)
    .flatMap(({ id }) => (chosen.has(id) ? [id] : []));
}
