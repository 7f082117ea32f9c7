import { existsSync } from 'node:fs';
import { commitAll, removeWorktree, worktreeOf } from '../../agents/index.js';
import type { WorktreeEnd } from '../../contract/activities.js';
import { worktreesDir } from '../../records/paths.js';

/**
 * Commits what is left in a step's own work tree to its branch, and removes the tree. Asked again, it does nothing.
 *
 * @returns why the tree stays, where it does
 */
export async function endWorktree(stateDir: string, { dir, message }: WorktreeEnd): Promise<{ stays?: string }> {
  const top = await worktreeOf(dir, worktreesDir(stateDir));
  if (top === undefined) return existsSync(dir) ? { stays: 'git no longer lists it as a worktree' } : {};
  try {
    await commitAll(top, message);
  } catch (error) {
    return { stays: error instanceof Error ? error.message : String(error) };
  }
  const stays = await removeWorktree(top);
  return stays === undefined ? {} : { stays };
}
