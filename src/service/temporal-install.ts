import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheDir, makePrivateDir, type Env } from '../records/paths.js';
import { withLock } from './lock.js';
import { probeTemporal, type TemporalVersion } from './temporal-version.js';

/** Building takes 3 minutes on two free cores, and much longer on busy ones; so long another process waits for it. */
const INSTALL_LOCK_MS = 30 * 60_000;

/** A program that was put into the cache. */
export interface InstalledBinary {
  path: string;
  version: TemporalVersion;
}

/** Puts `temporal` into the given empty folder and returns its path; throws where that cannot be done. */
export type Fetcher = (folder: string) => Promise<string>;

/** Where the cache keeps a release. */
function cachedPath(env: Env, release: string): string {
  return join(cacheDir(env), 'bin', `temporal-${release}${process.platform === 'win32' ? '.exe' : ''}`);
}

/** What the cache holds, the newest release first. */
export function cachedBinaries(env: Env): string[] {
  const folder = join(cacheDir(env), 'bin');
  try {
    const names = readdirSync(folder).filter((name) => /^temporal-\d+\.\d+\.\d+(\.exe)?$/.test(name));
    return names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true })).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/**
 * Fetches a release into the cache, unless another process has done so meanwhile: two at once wait for each other,
 * and the program appears under its name only once it has been tried.
 */
export async function installIntoCache(
  env: Env,
  release: string,
  onProgress: (line: string) => void,
  fetcher: Fetcher,
): Promise<InstalledBinary> {
  const target = cachedPath(env, release);
  const folder = join(cacheDir(env), 'bin');
  makePrivateDir(folder);
  const onWait = (pid: number) => onProgress(`waiting for process ${pid}, which is fetching Temporal ${release}`);
  return withLock(join(folder, 'install.lock'), { timeoutMs: INSTALL_LOCK_MS, onWait }, async () => {
    const there = await probeTemporal(target);
    if (typeof there !== 'string') return { path: target, version: there };
    removeLeftovers(folder);
    const temporary = mkdtempSync(join(folder, '.install-'));
    try {
      return await moveInto(target, await fetcher(temporary));
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });
}

async function moveInto(target: string, fetched: string): Promise<InstalledBinary> {
  chmodSync(fetched, 0o700);
  const version = await probeTemporal(fetched);
  if (typeof version === 'string') throw new Error(`${basename(fetched)} was fetched, but ${version}`);
  renameSync(fetched, target);
  return { path: target, version };
}

/** Under the lock nobody else is fetching, so what lies there is from one that was killed. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('.install-')) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
