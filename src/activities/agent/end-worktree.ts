import { commitAll, removeWorktree, topOf } from '../../agents/index.js';

/** The work tree of a step that has ended well. */
export interface WorktreeEnd {
  /** A folder in it. */
  dir: string;
  /** What the commit of what was left uncommitted says. */
  message: string;
}

/**
 * Commits what is left in a step's own work tree to its branch, and removes the tree. Asked again, it does nothing.
 *
 * @returns why the tree stays, where it does
 */
export async function endWorktree({ dir, message }: WorktreeEnd): Promise<{ stays?: string }> {
  if ((await topOf(dir)) === undefined) return {};
  try {
    await commitAll(dir, message);
  } catch (error) {
    return { stays: error instanceof Error ? error.message : String(error) };
  }
  const stays = await removeWorktree(dir);
  return stays === undefined ? {} : { stays };
}
