import { removeWorktree, whyTreeStays, worktreeOf } from '../../agents/index.js';
import type { OrchClient } from '../../client/orch-client.js';
import { stateDir, worktreesDir } from '../../records/paths.js';
import { prunableRuns, removeRunFolder, type Prunable, type RunEndFacts } from '../../records/prune.js';
import { checkStateDir } from '../../service/index.js';
import { connect } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { readDuration } from '../options/durations.js';
import { oneLine, size } from '../render/format.js';
import { table } from '../render/table.js';
import { isoTime } from '../render/run-json.js';

interface PruneFlags {
  olderThan: string;
  keepFailed?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** A run that is kept because of worktrees of its steps. */
interface Kept {
  run: Prunable;
  worktrees: { folder: string; reason: string }[];
}

/**
 * `orch prune --older-than 30d`: removes the folders of runs that ended long ago, and the worktrees that their steps
 * have left. A tree with work that is not committed stays, and with it the run. The service keeps its own history.
 */
export async function prune(context: CliContext, flags: PruneFlags): Promise<number> {
  const age = readDuration('--older-than', flags.olderThan);
  const service = createEndAsker(context);
  const state = stateDir(context.env);
  checkStateDir(state);
  const removed: Prunable[] = [];
  const kept: Kept[] = [];
  const failed: { run: Prunable; error: Error }[] = [];
  try {
    const options = { before: Date.now() - age, keepFailed: flags.keepFailed === true, askEnd: service.askEnd };
    for await (const run of prunableRuns(state, options)) {
      try {
        const worktrees = await removeTrees(run, worktreesDir(state), flags.dryRun === true);
        if (worktrees.length > 0) {
          kept.push({ run, worktrees });
          continue;
        }
        if (!flags.dryRun) await removeRunFolder(run);
        removed.push(run);
      } catch (error) {
        failed.push({ run, error: error as Error });
      }
    }
  } finally {
    await service.close();
  }
  report(context, removed, kept, flags);
  for (const { run, error } of failed)
    context.note(`${oneLine(`${run.run_id} could not be removed: ${error.message}`)}\n`);
  return failed.length === 0 ? EXIT.succeeded : EXIT.failed;
}

/** Removes the worktrees of a run. @returns those that stay, and why */
async function removeTrees({ worktrees }: Prunable, home: string, dryRun: boolean): Promise<Kept['worktrees']> {
  const stay: Kept['worktrees'] = [];
  for (const folder of worktrees) {
    const reason = await removeTree(folder, home, dryRun);
    if (reason !== undefined) stay.push({ folder, reason });
  }
  return stay;
}

async function removeTree(folder: string, home: string, dryRun: boolean): Promise<string | undefined> {
  const top = await worktreeOf(folder, home);
  if (top === undefined) return 'git does not list it as a worktree; remove it yourself if you need nothing in it';
  return dryRun ? whyTreeStays(top) : removeWorktree(top);
}

function report(
  context: CliContext,
  runs: readonly Prunable[],
  kept: readonly Kept[],
  { dryRun, json }: PruneFlags,
): void {
  const bytes = runs.reduce((sum, run) => sum + run.bytes, 0);
  if (json) {
    const rows = runs.map((run) => ({
      run_id: run.run_id,
      status: run.status,
      finished_at: isoTime(run.finishedAt),
      bytes: run.bytes,
      folder: run.folder,
    }));
    const stay = kept.map(({ run, worktrees }) => ({ run_id: run.run_id, folder: run.folder, worktrees }));
    context.out(`${JSON.stringify({ dry_run: dryRun === true, bytes, runs: rows, kept: stay }, null, 2)}\n`);
    return;
  }
  const rows = runs.map((run) => [run.run_id, run.status, isoTime(run.finishedAt) ?? '', size(run.bytes)]);
  if (rows.length > 0) context.out(`${table([['RUN', 'STATUS', 'FINISHED', 'SIZE'], ...rows])}\n`);
  const count = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`;
  context.note(dryRun ? `${count} would be removed, ${size(bytes)}\n` : `${count} removed, ${size(bytes)} freed\n`);
  for (const { run, worktrees } of kept) {
    for (const { folder, reason } of worktrees) {
      const text = `${run.run_id} ${dryRun ? 'would be' : 'is'} kept for its worktree ${folder}: ${reason}`;
      context.note(`${oneLine(text)}\n`);
    }
  }
}

/** Asks the service, where there is one; without it only what manifests tell counts. */
function createEndAsker(context: CliContext): {
  askEnd: (runId: string) => Promise<RunEndFacts | undefined>;
  close: () => Promise<void>;
} {
  let client: Promise<OrchClient | undefined> | undefined;
  return {
    async askEnd(runId) {
      client ??= connect(context, false).catch(() => undefined);
      const run = await (await client)?.summary(runId).catch(() => undefined);
      if (run?.finished_at === undefined || run.status === 'running') return undefined;
      return { status: run.status, finishedAt: run.finished_at };
    },
    close: async () => (await client)?.close(),
  };
}
