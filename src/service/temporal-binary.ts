import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { Env } from '../records/paths.js';
import { ServiceError, messageOf } from './errors.js';
import { buildCommand, buildTemporal } from './temporal-build.js';
import { TEMPORAL_DOWNLOAD, downloadTemporal } from './temporal-download.js';
import { cachedBinaries, installIntoCache, type Fetcher } from './temporal-install.js';
import { PINNED_TEMPORAL, probeTemporal, releaseOf, showVersion, type TemporalVersion } from './temporal-version.js';

/** The way a binary was found. */
type BinarySource = 'ORCH_TEMPORAL_CLI' | 'PATH' | 'cache' | 'download' | 'go install';

/** Temporal's command line program, which holds the dev server. */
export interface TemporalBinary {
  path: string;
  version: TemporalVersion;
  source: BinarySource;
}

export interface FindBinaryOptions {
  env: Env;
  /** Told what is passed over, and what takes long. */
  onProgress?: ((line: string) => void) | undefined;
  /** The version that opened the database first; no other may open it. */
  recorded?: TemporalVersion | undefined;
  /** Whether it may be downloaded or built. Default true. */
  install?: boolean;
  /** Where it is downloaded from. Default Temporal's own service. */
  downloadOrigin?: string | undefined;
}

interface Search extends FindBinaryOptions {
  say: (line: string) => void;
  /** What was passed over, and why. */
  passed: string[];
  otherVersions: boolean;
}

/**
 * Finds Temporal's command line program: ORCH_TEMPORAL_CLI, `temporal` on PATH, orch's cache, Temporal's own download,
 * `go install`. What does not run, is too old or not the recorded version is told and passed over.
 *
 * @throws ServiceError `temporal_not_found`, `temporal_version_mismatch` where only other versions are to be had,
 * `temporal_unusable` where ORCH_TEMPORAL_CLI does not run
 */
export async function findTemporalBinary(options: FindBinaryOptions): Promise<TemporalBinary> {
  const search: Search = { ...options, say: options.onProgress ?? (() => {}), passed: [], otherVersions: false };
  if (options.env.ORCH_TEMPORAL_CLI) return explicitBinary(search, options.env.ORCH_TEMPORAL_CLI);
  const found = (await findInstalled(search)) ?? (options.install === false ? undefined : await install(search));
  if (found) return found;
  throw search.otherVersions ? versionMismatch(search) : notFound(search);
}

/** Whoever names a binary wants that one, so nothing else is tried in its place. */
async function explicitBinary(search: Search, named: string): Promise<TemporalBinary> {
  // The server runs in another folder, so a relative path would lead elsewhere there; a bare name is looked up on PATH.
  const path = /[/\\]/.test(named) ? resolve(named) : named;
  const found = await consider(search, path, 'ORCH_TEMPORAL_CLI');
  if (found) return found;
  if (search.otherVersions) throw versionMismatch(search);
  throw new ServiceError(
    'temporal_unusable',
    `ORCH_TEMPORAL_CLI cannot be used: ${search.passed.join('; ')}`,
    "set it to the path of Temporal's command line program, or unset it",
  );
}

async function findInstalled(search: Search): Promise<TemporalBinary | undefined> {
  for (const path of onPath(search.env)) {
    const found = await consider(search, path, 'PATH');
    if (found) return found;
  }
  for (const path of cachedBinaries(search.env)) {
    const found = await consider(search, path, 'cache');
    if (found) return found;
  }
  return undefined;
}

async function install(search: Search): Promise<TemporalBinary | undefined> {
  const release = releaseOf(search.recorded ?? PINNED_TEMPORAL);
  if (!release) {
    search.passed.push(`no release is known to contain server ${search.recorded?.server}`);
    return undefined;
  }
  const origin = search.downloadOrigin ?? TEMPORAL_DOWNLOAD;
  return (
    (await installBy(search, release, 'download', (folder) => downloadTemporal(origin, release, folder, search.say))) ??
    (await installBy(search, release, 'go install', (folder) => buildTemporal(search.env, release, folder, search.say)))
  );
}

async function installBy(
  search: Search,
  release: string,
  source: BinarySource,
  fetcher: Fetcher,
): Promise<TemporalBinary | undefined> {
  try {
    search.say(`fetching Temporal ${release} (${source})`);
    const { path, version } = await installIntoCache(search.env, release, search.say, fetcher);
    return accept(search, { path, version, source });
  } catch (error) {
    passOver(search, source, messageOf(error));
    return undefined;
  }
}

async function consider(search: Search, path: string, source: BinarySource): Promise<TemporalBinary | undefined> {
  const version = await probeTemporal(path);
  if (typeof version !== 'string') return accept(search, { path, version, source });
  passOver(search, path, version);
  return undefined;
}

function accept(search: Search, binary: TemporalBinary): TemporalBinary | undefined {
  if (!search.recorded || binary.version.server === search.recorded.server) return binary;
  search.otherVersions = true;
  passOver(search, binary.path, `it is ${showVersion(binary.version)}`);
  return undefined;
}

function passOver(search: Search, what: string, why: string): void {
  search.passed.push(`${what}: ${why}`);
  search.say(`skipping ${what}: ${why}`);
}

function onPath(env: Env): string[] {
  const name = process.platform === 'win32' ? 'temporal.exe' : 'temporal';
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).filter(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function notFound(search: Search): ServiceError {
  return new ServiceError(
    'temporal_not_found',
    ["Temporal's command line program was not found", ...search.passed.map((line) => `  ${line}`)].join('\n'),
    `any of these works: set ORCH_TEMPORAL_CLI to it; put temporal on PATH (https://docs.temporal.io/cli); ` +
      `let orch download it or build it with Go (orch up); or build it yourself: ${buildCommand(PINNED_TEMPORAL.cli)}`,
  );
}

function versionMismatch(search: Search): ServiceError {
  const recorded = search.recorded ?? PINNED_TEMPORAL;
  const release = releaseOf(recorded);
  const wanted = release ? `Temporal ${release}` : `a Temporal program with server ${recorded.server}`;
  return new ServiceError(
    'temporal_version_mismatch',
    [
      `the database was first opened by Temporal ${showVersion(recorded)}, and only other versions were found`,
      ...search.passed.map((line) => `  ${line}`),
    ].join('\n'),
    `get ${wanted} and set ORCH_TEMPORAL_CLI to it` + (release ? `; it can be built: ${buildCommand(release)}` : ''),
  );
}
