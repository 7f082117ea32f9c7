import { beating } from '../step/heartbeat.js';
import type { FileClass, Sorted } from '../../loop/publish-rules.js';
import { pull } from './pull.js';
import { commitFiles, findCommit, openRepository, push, refuseLeft, sortTree } from './repository.js';
import { baseDirOf, type LoopDeps } from './run-turn.js';
import { TurnRefused, turnFailure } from './turn-failure.js';
import type { SyncReport, SyncTask } from '../../contract/loop-turn.js';
import { defined } from '../../basics/defined.js';

const KINDS: Readonly<Record<FileClass, string>> = {
  docs: 'doc/meta hygiene',
  reports: 'reports evidence',
  outputs: 'tracked outputs',
};

const ORDER: readonly FileClass[] = ['docs', 'reports', 'outputs'];

/**
 * Makes the activity that synchronises a loop's clone with the repository that its machines share.
 *
 * It may be begun again at any point: a commit carries the name of its turn, and one that is there is not made again,
 * so that a worker that died between commit and push leaves only the push to do.
 */
export function createSyncRepository(deps: Pick<LoopDeps, 'loopRoot'>): (task: SyncTask) => Promise<SyncReport> {
  return async (task) => {
    try {
      return await beating(() => synchronise(baseDirOf(deps, task), task));
    } catch (error) {
      throw error instanceof TurnRefused ? turnFailure(error.reason, error.message) : error;
    }
  };
}

/** Does what a task says in the clone that a folder is in. @throws TurnRefused with what stands in the way */
export async function synchronise(dir: string, task: SyncTask): Promise<SyncReport> {
  const { run_id, step_id, git, when, subject } = task;
  const repository = await openRepository(dir, git, task.may_be_local);
  const trailer = `${run_id}/${step_id}${when === 'before' ? '.before' : ''}`;
  let commit = await findCommit(repository, trailer);
  let left: Sorted['left'] = [];
  let would: string[] = [];
  if (commit === undefined) {
    const sorted = await sortTree(repository, git);
    refuseLeft(repository, git, sorted);
    ({ left } = sorted);
    const paths = sorted.commit.map((file) => file.path);
    if (git.dry_run) would = paths;
    else if (paths.length > 0) {
      const found = new Set(sorted.commit.map((file) => file.as));
      const kinds = ORDER.filter((kind) => found.has(kind)).map((kind) => KINDS[kind]);
      commit = await commitFiles(repository, paths, `${subject}: ${kinds.join(', ')} — tests: not run`, trailer);
    }
  }
  if (when === 'before') await pull(repository);
  const pushed = when === 'after' && !git.dry_run && (await push(repository));
  return {
    pushed,
    left: left.map((file) => `${file.path} (${file.why})`),
    ...defined({ commit }),
    ...(would.length === 0 ? {} : { would_commit: would }),
  };
}
