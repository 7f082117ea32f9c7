import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { OrchClient } from '../../client/orch-client.js';
import { isFinished, type Manifest } from '../../journal/index.js';
import { readManifest } from '../../records/run-folders.js';
import { RECORD_FILES } from '../../records/write-record.js';

/** Milliseconds without news in the manifest, after which the run itself is asked. */
const ASK_AFTER_MS = 3000;
const ENDS = new Set(['success', 'warning', 'failed', 'skipped', 'canceled']);

/** Says whether a run, or a step of it, has ended. */
export interface EndWatch {
  /** What the manifest says now; undefined where there is none. */
  manifest(): Promise<Manifest | undefined>;
  ended(step?: string): Promise<boolean>;
}

/**
 * Watches for the end of a run: by its manifest, which needs no service; where that has been silent for a while, by
 * asking the run. A terminated run says nothing, and a worker elsewhere writes nothing here.
 */
export function watchEnd(folder: string, runId: string, connect: () => Promise<OrchClient | undefined>): EndWatch {
  let known: Manifest | undefined;
  let stamp = '';
  let lastNews = performance.now();

  return { manifest: refresh, ended };

  async function refresh(): Promise<Manifest | undefined> {
    const now = await stampOf(path.join(folder, RECORD_FILES.manifest));
    if (now === stamp) return known;
    stamp = now;
    lastNews = performance.now();
    known = (await readManifest(folder)) ?? known;
    return known;
  }

  async function ended(step?: string): Promise<boolean> {
    const manifest = await refresh();
    if (manifest !== undefined && isFinished(manifest)) return true;
    if (step !== undefined && ENDS.has(statusIn(manifest, step) ?? '')) return true;
    if (performance.now() - lastNews < ASK_AFTER_MS) return false;
    lastNews = performance.now();
    return askRun(step);
  }

  async function askRun(step: string | undefined): Promise<boolean> {
    try {
      const client = await connect();
      const run = await client?.describe(runId);
      if (run === undefined) return false;
      const now = run.progress?.steps.find(({ id }) => id === step)?.status;
      return run.status !== 'running' || ENDS.has(now ?? '');
    } catch {
      return false; // the next time, maybe; following goes on as long as nobody says that there is no more
    }
  }
}

/** The status of a step, or of an instance of one (`id[0]`). */
function statusIn(manifest: Manifest | undefined, step: string): string | undefined {
  const own = manifest?.steps.find(({ id }) => id === step);
  if (own !== undefined) return own.status;
  const [, owner, index] = /^(.*)\[(\d+)\]$/.exec(step) ?? [];
  const instances = manifest?.steps.find(({ id }) => id === owner)?.instances;
  return instances?.find((instance) => instance.index === Number(index))?.status;
}

async function stampOf(file: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(file);
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return '';
  }
}
