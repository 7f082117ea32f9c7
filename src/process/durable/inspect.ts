import { readdirSync } from 'node:fs';
import { readLost } from './attachment.js';
import { fileOf, generationOf, type Generation } from './files.js';
import { isMissing } from '../../host/errno.js';
import { livenessOf } from './liveness.js';
import { readRecord, runTime } from './record.js';
import { readStop } from './stop.js';
import type { StopReason } from './types.js';
import { defined } from '../../basics/defined.js';

/** What there is in the folder of a try. All but `status` is about its last generation. */
export interface TryInfo {
  /**
   * - `absent`: nothing was ever begun
   * - `unclaimed`: the command has not been started; it may be at any moment
   * - `running`
   * - `exited`: the command has ended
   * - `lost`: it has ended and nobody knows how, or nobody has noticed yet that it is gone
   * - `closed`: it was stopped before it was started, or could not be
   */
  status: 'absent' | 'unclaimed' | 'running' | 'exited' | 'lost' | 'closed';
  generation?: number;
  pid?: number;
  /** Wall clock, milliseconds. */
  startedAt?: number;
  durationMs?: number;
  exitCode?: number;
  signal?: string;
  /** Somebody has asked for a stop, why; it may still be under way. */
  stopped?: StopReason;
  stdoutFile?: string;
  stderrFile?: string;
}

/** Reads what is there, and changes nothing. */
export function inspectTry(tryDir: string): TryInfo {
  const index = lastGeneration(tryDir);
  if (index === undefined) return { status: 'absent' };
  const generation = generationOf(tryDir, index);
  const stop = readStop(generation);
  return {
    generation: index,
    ...statusOf(generation),
    ...defined({ stopped: stop?.reason }),
    stdoutFile: fileOf(generation, 'stdout'),
    stderrFile: fileOf(generation, 'stderr'),
  };
}

function lastGeneration(tryDir: string): number | undefined {
  try {
    const indexes = readdirSync(tryDir).flatMap((name) => (/^g\d+$/.test(name) ? [Number(name.slice(1))] : []));
    return indexes.length === 0 ? undefined : Math.max(...indexes);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function statusOf(generation: Generation): TryInfo {
  let record = readRecord(generation);
  if (record.closed !== undefined) {
    return { status: 'closed', ...(record.closed === 'spawn_failed' ? {} : { stopped: record.closed }) };
  }
  const { claim } = record;
  if (readLost(generation) !== undefined) return { status: 'lost', ...defined({ startedAt: claim?.launchedAt }) };
  if (claim === undefined) return { status: 'unclaimed' };
  const start = { pid: claim.pid, startedAt: claim.launchedAt };
  const alive = record.exit === undefined && livenessOf(generation, claim) !== 'dead';
  if (alive) return { status: 'running', ...start };
  record = readRecord(generation); // the end is written down before the wrapper dies
  if (record.exit === undefined) return { status: 'lost', ...start };
  const { exitCode, signal } = record.exit;
  return {
    status: 'exited',
    ...start,
    durationMs: runTime(claim, record.exit),
    ...(signal === undefined ? { exitCode: exitCode! } : { signal }),
  };
}
