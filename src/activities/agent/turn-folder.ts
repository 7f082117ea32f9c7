import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { branchOf, freeBranch, makeWorktree, topOf, treeState } from '../../agents/index.js';
import { worktreeDir } from '../../records/paths.js';
import type { AgentTurn } from '../../contract/agent-turn.js';
import { defined } from '../../basics/defined.js';

/** What is settled before a turn begins, and must be the same for whoever goes on with it. */
export interface SettledTurn {
  /** Milliseconds since the epoch. */
  started_at: number;
  /** Session id of a new session. */
  new_session: string;
  /** Where it works. */
  cwd: string;
  /** State of the tree when the step began. */
  tree?: string;
  worktree?: string;
  branch?: string;
}

const FILE = 'turn.json';

/**
 * Settles what a turn needs before it begins: its worktree, and the state of the tree. Asked again, it gives the same
 * answer.
 *
 * @param dir folder of the turn
 * @param cwd folder of the step
 * @throws GitError where the worktree cannot be made
 */
export async function settleTurn(
  turn: AgentTurn,
  { dir, cwd, stateDir, runId }: { dir: string; cwd: string; stateDir: string; runId: string },
): Promise<SettledTurn> {
  const file = path.join(dir, FILE);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as SettledTurn;
  const tree = turn.worktree === undefined ? undefined : await ownTree(turn, cwd, { stateDir, runId });
  if (tree !== undefined) await makeWorktree(cwd, { ...turn.worktree, ...tree });
  // A step below the top of its repository works below the top of its tree.
  const top = tree === undefined ? undefined : await topOf(cwd);
  const works = tree === undefined || top === undefined ? cwd : path.join(tree.dir, path.relative(top, cwd));
  const state = turn.tree ?? (turn.note_tree || isScanned(turn) ? await treeState(works) : undefined);
  const settled: SettledTurn = {
    started_at: Date.now(),
    new_session: randomUUID(),
    cwd: works,
    ...defined({ tree: state }),
    ...(tree === undefined ? {} : { worktree: tree.dir, branch: tree.branch }),
  };
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify(settled)}\n`, { mode: 0o600 });
  return settled;
}

/** What an agent that may not push has changed is looked through for secrets. */
function isScanned({ settings, sandbox }: AgentTurn): boolean {
  return settings.push === 'deny' && sandbox !== 'read-only';
}

async function ownTree(
  { worktree, owner_id }: AgentTurn,
  repository: string,
  { stateDir, runId }: { stateDir: string; runId: string },
): Promise<{ dir: string; branch: string }> {
  const branch = worktree?.branch ?? (await freeBranch(repository, branchOf(runId, owner_id)));
  return { dir: worktreeDir(stateDir, runId, owner_id), branch };
}
