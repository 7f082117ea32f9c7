import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { isFinished } from '../journal/index.js';
import type { ManifestHead } from './manifest-head.js';
import { runWorktreesDir, runsDir } from './paths.js';
import { runFolders } from './run-folders.js';

/** The end of a run: how, and when in milliseconds since the epoch. */
export interface RunEndFacts {
  status: string;
  finishedAt: number;
}

/** A run whose folder may go. */
export interface Prunable extends RunEndFacts {
  run_id: string;
  folder: string;
  /** The git worktrees that its steps have left, and the folder that they are in. */
  worktrees: readonly string[];
  worktreesFolder: string;
  /** Of the folder and the worktrees together. */
  bytes: number;
}

export interface PruneOptions {
  /** Runs that ended before this may go. Milliseconds since the epoch. */
  before: number;
  /** Keeps those that failed, were terminated or timed out. */
  keepFailed: boolean;
  /**
   * Asks the service for the end of a run whose manifest does not tell of one; undefined where it is open, or where
   * nobody knows.
   */
  askEnd: (runId: string) => Promise<RunEndFacts | undefined>;
}

/** The folders of runs that are known to have closed, and long enough ago. */
export async function* prunableRuns(stateDir: string, options: PruneOptions): AsyncGenerator<Prunable> {
  for await (const { path: folder, manifest } of runFolders(stateDir)) {
    const runId = manifest?.run_id ?? decodeURIComponent(path.basename(folder));
    const end = endOf(manifest) ?? (await options.askEnd(runId));
    if (end === undefined || !(end.finishedAt < options.before)) continue;
    const went = end.status === 'succeeded' || end.status === 'canceled';
    if (options.keepFailed && !went) continue;
    const worktreesFolder = runWorktreesDir(stateDir, runId);
    const worktrees = (await namesIn(worktreesFolder)).map((name) => path.join(worktreesFolder, name));
    const bytes = (await sizeOf(folder)) + (await sizeOf(worktreesFolder));
    yield { run_id: runId, folder, ...end, worktrees, worktreesFolder, bytes };
  }
}

/** Removes the folder of a run, whose worktrees are gone. Links in it go, what they point to stays. */
export async function removeRunFolder({ folder, worktreesFolder }: Prunable): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await rmdir(worktreesFolder).catch(() => {}); // there is none, or a step has just made a tree
}

/** How many runs have left something here, and how much. */
export async function runsSize(stateDir: string): Promise<{ runs: number; bytes: number }> {
  const root = runsDir(stateDir);
  return { runs: (await namesIn(root)).length, bytes: await sizeOf(root) };
}

function endOf(manifest: ManifestHead | undefined): RunEndFacts | undefined {
  if (manifest === undefined || !isFinished(manifest) || manifest.finished_at === null) return undefined;
  return { status: manifest.status, finishedAt: Date.parse(manifest.finished_at) };
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.toSorted((a, b) => (a < b ? -1 : 1));
}

async function sizeOf(file: string): Promise<number> {
  const stat = await lstat(file).catch(() => undefined);
  if (stat === undefined) return 0; // gone meanwhile
  if (!stat.isDirectory()) return stat.size;
  let bytes = 0;
  for (const name of await readdir(file)) bytes += await sizeOf(path.join(file, name));
  return bytes;
}
