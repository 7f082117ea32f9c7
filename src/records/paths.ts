import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** The part of the environment that decides where orch keeps its things. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Folder names longer than this are cut and made unique by a hash: file systems allow 255 bytes. */
const MAX_NAME = 200;

/** Where orch keeps what must last: ORCH_STATE_DIR, else `$XDG_STATE_HOME/orch`, else `~/.local/state/orch`. Absolute. */
export function stateDir(env: Env): string {
  if (env.ORCH_STATE_DIR) return resolve(env.ORCH_STATE_DIR);
  return join(xdgHome(env, env.XDG_STATE_HOME, '.local', 'state'), 'orch');
}

/** Where orch keeps what can be had again: ORCH_CACHE_DIR, else `$XDG_CACHE_HOME/orch`, else `~/.cache/orch`. Absolute. */
export function cacheDir(env: Env): string {
  if (env.ORCH_CACHE_DIR) return resolve(env.ORCH_CACHE_DIR);
  return join(xdgHome(env, env.XDG_CACHE_HOME, '.cache'), 'orch');
}

/** The folder of all runs. */
export function runsDir(state: string): string {
  return join(state, 'runs');
}

/** A run's folder. */
export function runDir(state: string, runId: string): string {
  return join(runsDir(state), folderName(runId));
}

/** The folder of one attempt of a step; instances (`id[0]`) have their own. */
export function stepAttemptDir(state: string, runId: string, stepId: string, attempt: number): string {
  return join(runDir(state, runId), 'steps', folderName(stepId), String(attempt));
}

/** The folder of the tries of this host's steps, and in them their raw output. */
export function attemptsDir(state: string): string {
  return join(state, 'attempts');
}

/** The folder of all git worktrees of steps. */
export function worktreesDir(state: string): string {
  return join(state, 'worktrees');
}

/** The folder of the git worktrees of a run's steps. */
export function runWorktreesDir(state: string, runId: string): string {
  return join(worktreesDir(state), folderName(runId));
}

/** The git worktree of an agent's step. */
export function worktreeDir(state: string, runId: string, stepId: string): string {
  return join(runWorktreesDir(state, runId), folderName(stepId));
}

/** The folder of the embedded service: its database, logs, lock and signing key. */
export function serviceDir(state: string): string {
  return join(state, 'service');
}

/** Creates a folder, and what is missing above it, for this user only. */
export function makePrivateDir(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** The XDG specification says that relative values are to be ignored. */
function xdgHome(env: Env, value: string | undefined, ...fallback: string[]): string {
  if (value && isAbsolute(value)) return value;
  return join(env.HOME || homedir(), ...fallback);
}

/**
 * An id as a folder name: other ids give other names, and none leaves its parent folder.
 *
 * A dot at the front or the end is encoded too, because of `.`, `..`, hidden folders and Windows.
 */
function folderName(id: string): string {
  const name = id.replace(/[^A-Za-z0-9_.-]|^\.|\.$/gu, percentEncode);
  if (name.length <= MAX_NAME) return name;
  const digest = createHash('sha256').update(id).digest('hex').slice(0, 16);
  return `${name.slice(0, MAX_NAME - 20)}~${digest}`;
}

function percentEncode(character: string): string {
  return [...Buffer.from(character, 'utf8')]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
