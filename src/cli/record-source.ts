import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { OrchError } from '../client/errors.js';
import { isFinished, manifestOf, type Manifest, type RunEvent } from '../journal/index.js';
import { cleanRecord } from '../records/clean-record.js';
import { readEvents, readFirstEvents } from '../records/event-file.js';
import { runDir, stateDir } from '../records/paths.js';
import { readManifest } from '../records/run-folders.js';
import { RECORD_FILES } from '../records/write-record.js';
import { connect, settingsOf } from './connect.js';
import type { CliContext } from './context.js';

/** The record of a run, wherever it comes from. */
export interface FoundRecord {
  manifest: Manifest;
  events: readonly RunEvent[];
  plan: unknown;
  open: boolean;
  /** The folder of the run on this machine; what it holds may be of use. */
  folder: string;
  /** Why the run itself was not asked, where the files had to do. */
  instead?: OrchError;
}

/** Errors for which the files of a run may do: it cannot be asked, or the service has forgotten it. */
const FILES_MAY_DO = new Set(['service_unreachable', 'no_worker', 'run_busy', 'run_not_found']);

/**
 * The record of a run. Of a closed one that this machine has sealed it is the files': to answer itself, a worker would
 * replay all its histories. Else it is from the run itself, and where that cannot be asked, from its folder.
 *
 * @throws OrchError as of asking the run, where the folder does not hold a whole record either.
 */
export async function findRecord(context: CliContext, runId: string): Promise<FoundRecord> {
  const folder = runDir(stateDir(context.env), runId);
  try {
    return { ...(await fromService(context, runId, folder)), folder };
  } catch (error) {
    if (!(error instanceof OrchError) || !FILES_MAY_DO.has(error.code)) throw error;
    const manifest = await readManifest(folder);
    if (manifest === undefined || manifest.run_id !== runId) throw error;
    return { ...(await fromFiles(folder, manifest)), folder, instead: error };
  }
}

type RecordOfRun = Pick<FoundRecord, 'manifest' | 'events' | 'plan' | 'open'>;

async function fromService(context: CliContext, runId: string, folder: string): Promise<RecordOfRun> {
  const client = await connect(context, false);
  try {
    const sealed = settingsOf(context) === undefined ? await sealedRecord(folder, runId) : undefined;
    if (sealed !== undefined && (await client.closedAs(runId)) === sealed.manifest.temporal_run_id) return sealed;
    const { about, plan, events, open } = cleanRecord(await client.record(runId));
    return { manifest: manifestOf(about, events), events, plan, open };
  } finally {
    await client.close();
  }
}

/** The record in a folder, if it is that of the whole run, and undamaged. */
async function sealedRecord(folder: string, runId: string): Promise<RecordOfRun | undefined> {
  try {
    const manifest = await readManifest(folder);
    if (manifest?.run_id !== runId || !isFinished(manifest)) return undefined;
    const events = await readFirstEvents(path.join(folder, RECORD_FILES.events), Infinity);
    if (events.at(-1)?.type !== 'run-finished') return undefined;
    return { manifest, events, plan: await readPlan(folder), open: false };
  } catch {
    return undefined; // the run itself has all of it
  }
}

async function fromFiles(folder: string, manifest: Manifest): Promise<RecordOfRun> {
  const events = await readEvents(path.join(folder, RECORD_FILES.events));
  return { manifest, events, plan: await readPlan(folder), open: !isFinished(manifest) };
}

async function readPlan(folder: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(folder, RECORD_FILES.plan), 'utf8'));
}
