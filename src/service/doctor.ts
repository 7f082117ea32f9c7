import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { keepFor } from '../records/keep.js';
import { cacheDir, stateDir, type Env } from '../records/paths.js';
import { runsSize } from '../records/prune.js';
import type { Check } from './check.js';
import { recordedVersion } from './database-version.js';
import { checkRemote } from './doctor-remote.js';
import { checkServer, checkWorker } from './doctor-service.js';
import { ServiceError, messageOf } from './errors.js';
import { serviceFiles } from './files.js';
import { readSigning } from './signing.js';
import { checkStateDir } from './state-folder.js';
import { serviceStatus } from './status.js';
import { findGo } from './temporal-build.js';
import { findTemporalBinary } from './temporal-binary.js';
import { showVersion } from './temporal-version.js';

/** What is needed of Node: the version that orch is tested with, and later ones. */
const OLDEST_NODE = [20, 20] as const;

/** Below the first a run is likely to fail for want of space, below the second soon. Bytes. */
const TOO_LITTLE_SPACE = 200 * 1024 * 1024;
const LITTLE_SPACE = 2 * 1024 * 1024 * 1024;

export interface DoctorOptions {
  env: Env;
  /** As given to `ensureService`. */
  workerEntry?: string;
}

/** Looks at everything that orch needs on this machine. Starts, downloads and builds nothing. */
export async function runDoctor(options: DoctorOptions): Promise<Check[]> {
  const { env } = options;
  const status = await serviceStatus(options);
  const remote = await checkRemote(env);
  const checks = [checkNode(), checkState(env), checkCache(env), await checkSpace(env), await checkRecords(env)];
  if (remote) return [...checks, remote];
  const embedded = [
    await checkBinary(env),
    await checkGo(env),
    checkKey(env),
    checkServer(status),
    checkWorker(status),
  ];
  return [...checks, ...embedded];
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fine = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const check: Check = { name: 'node', ok: fine ? 'ok' : 'fail', detail: `Node ${process.versions.node}` };
  return fine ? check : { ...check, hint: `install Node ${OLDEST_NODE.join('.')} or later` };
}

function checkState(env: Env): Check {
  const name = 'state_folder';
  const path = stateDir(env);
  const foreign = refusal(path);
  if (foreign) return { name, ok: 'fail', detail: foreign.message, ...(foreign.hint && { hint: foreign.hint }) };
  const problem = unwritable(path);
  if (problem) {
    return { name, ok: 'fail', detail: `${path}: ${problem}`, hint: 'make it writable, or set ORCH_STATE_DIR' };
  }
  const open = [path, serviceFiles(path).dir].filter(isOpenToOthers);
  if (open.length === 0) return { name, ok: 'ok', detail: path };
  return { name, ok: 'warn', detail: `others can read ${open.join(', ')}`, hint: `chmod 700 ${open.join(' ')}` };
}

function refusal(path: string): ServiceError | undefined {
  try {
    checkStateDir(path);
    return undefined;
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
}

function checkCache(env: Env): Check {
  const path = cacheDir(env);
  const problem = unwritable(path);
  if (!problem) return { name: 'cache_folder', ok: 'ok', detail: path };
  const hint = 'it is needed only to download or build Temporal; make it writable, or set ORCH_CACHE_DIR';
  return { name: 'cache_folder', ok: 'warn', detail: `${path}: ${problem}`, hint };
}

async function checkSpace(env: Env): Promise<Check> {
  const { bavail, bsize } = await statfs(nearestExisting(stateDir(env)));
  const free = bavail * bsize;
  const check = { name: 'disk_space', detail: `${(free / 1024 ** 3).toFixed(1)} GiB free for the state folder` };
  if (free >= LITTLE_SPACE) return { ...check, ok: 'ok' };
  const hint = 'free some space (orch prune), or set ORCH_STATE_DIR to another disk';
  return { ...check, ok: free < TOO_LITTLE_SPACE ? 'fail' : 'warn', hint };
}

/** How much runs have left here, and what becomes of it. */
async function checkRecords(env: Env): Promise<Check> {
  const { runs, bytes } = await runsSize(stateDir(env));
  const keepMs = keepFor(env);
  const kept = Number.isFinite(keepMs)
    ? `those that went well are kept for ${Math.round(keepMs / 86_400_000)} days (ORCH_KEEP)`
    : 'kept forever (ORCH_KEEP)';
  const size = `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  return { name: 'records', ok: 'ok', detail: `${runs} ${runs === 1 ? 'run' : 'runs'}, ${size}; ${kept}` };
}

async function checkBinary(env: Env): Promise<Check> {
  const name = 'temporal_binary';
  try {
    const recorded = recordedVersion(serviceFiles(stateDir(env)));
    const { path, version, source } = await findTemporalBinary({ env, recorded, install: false });
    return { name, ok: 'ok', detail: `${path}, ${showVersion(version)}, found by ${source}` };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    // What is merely not there yet is fetched by the first start.
    const ok = error.code === 'temporal_not_found' ? 'warn' : 'fail';
    return { name, ok, detail: error.message, ...(error.hint && { hint: error.hint }) };
  }
}

async function checkGo(env: Env): Promise<Check> {
  const go = await findGo(env);
  return {
    name: 'go',
    ok: 'ok',
    detail: go ?? 'not on PATH; needed only to build Temporal when it is not available otherwise',
  };
}

function checkKey(env: Env): Check {
  const name = 'signing_key';
  try {
    readSigning(stateDir(env));
    return { name, ok: 'ok', detail: serviceFiles(stateDir(env)).signingKey };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.code === 'signing_key_missing' && !existsSync(serviceFiles(stateDir(env)).signingNote))
      return { name, ok: 'ok', detail: 'created by the first start' };
    return { name, ok: 'fail', detail: error.message, ...(error.hint && { hint: error.hint }) };
  }
}

/** Why a folder, or where it is missing the one it would be made in, cannot be written. */
function unwritable(path: string): string | undefined {
  try {
    const folder = nearestExisting(path);
    if (!statSync(folder).isDirectory()) return `${folder} is not a folder`;
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function nearestExisting(path: string): string {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

function isOpenToOthers(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return process.platform !== 'win32' && (mode & 0o077) !== 0;
}
