import type { Manifest, ManifestTask } from './manifest.js';

/** Results that a prompt carries at most. They share 32 KiB: of more, hardly a line each would be left. */
const MAX_RESULTS = 32;

/**
 * Finds the tasks whose results a task's prompt carries, in the order of the manifest: those that it names, and those
 * of the stages before it. Where these are too many the nearest stages count.
 */
export function contextFinder({ stages }: Manifest): (task: ManifestTask, stage: number) => string[] {
  const ids = stages.flatMap(({ tasks }) => tasks.map(({ id }) => id));
  const rank = new Map(ids.map((id, place) => [id, place]));
  return ({ depends }, stage) => {
    const chosen = new Set((depends ?? []).slice(0, MAX_RESULTS));
    for (let before = stage - 1; before >= 0 && chosen.size < MAX_RESULTS; before -= 1) {
      for (const { id } of stages[before]!.tasks) {
        if (chosen.size >= MAX_RESULTS) break;
        chosen.add(id);
      }
    }
    return [...chosen].sort((a, b) => rank.get(a)! - rank.get(b)!);
  };
}
