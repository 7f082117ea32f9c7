import { prunableRuns, removeRunFolder } from '../records/prune.js';

/** Milliseconds between two rounds. */
const ROUND_MS = 60 * 60_000;
/** Until the first: what a worker has to do at its start goes before. Milliseconds. */
const FIRST_MS = 60_000;

export interface PruneDeps {
  stateDir: string;
  /** How long records are kept. Milliseconds; infinite for ever. */
  keepMs: number;
  onError: (error: unknown) => void;
}

/**
 * Removes what runs have left here that ended long ago and did what they were to do. Those that failed stay, and those
 * whose steps have worktrees: what becomes of them is a person's to say, by `orch prune`.
 *
 * @returns the ids of the runs that went
 */
export async function pruneOld({ stateDir, keepMs }: Omit<PruneDeps, 'onError'>): Promise<string[]> {
  if (!Number.isFinite(keepMs)) return [];
  const removed: string[] = [];
  const options = { before: Date.now() - keepMs, keepFailed: true, askEnd: async () => undefined };
  for await (const run of prunableRuns(stateDir, options)) {
    if (run.worktrees.length > 0) continue;
    await removeRunFolder(run);
    removed.push(run.run_id);
  }
  return removed;
}

/** Prunes now and then; call what it returns to stop. */
export function startPruning(deps: PruneDeps): () => void {
  const round = (): void => void pruneOld(deps).catch(deps.onError);
  const first = setTimeout(round, FIRST_MS);
  const timer = setInterval(round, ROUND_MS);
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
