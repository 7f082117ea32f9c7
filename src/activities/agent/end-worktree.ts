import { existsSync } from 'node:fs';
import { commitAll, removeWorktree, worktreeOf } from '../../agents/index.js';
import type { WorktreeEnd, WorktreeEnded } from '../../contract/activities.js';
import { worktreesDir } from '../../records/paths.js';
import { defined } from '../../basics/defined.js';

/**
 * Commits what is left in a step's own worktree to its branch, and removes the tree. Asked again, it does nothing.
 *
 * @param askedBefore whether somebody may have done it already
 */
export async function endWorktree(stateDir: string, end: WorktreeEnd, askedBefore: boolean): Promise<WorktreeEnded> {
  const { dir } = end;
  const top = await worktreeOf(dir, worktreesDir(stateDir));
  if (top === undefined) return withoutTree(dir, askedBefore);
  try {
    const lacks = await commitAll(top, end);
    if (lacks !== undefined) return { lacks };
  } catch (error) {
    return { lacks: error instanceof Error ? error.message : String(error) };
  }
  const stays = await removeWorktree(top);
  return defined({ stays });
}

/** A worker before this one may have removed the tree; else the agent has, and nobody knows what was in it. */
function withoutTree(dir: string, askedBefore: boolean): WorktreeEnded {
  if (existsSync(dir)) return { lacks: 'git no longer lists it as a worktree' };
  return askedBefore ? {} : { lacks: 'the agent has removed it; its branch has what it committed' };
}
