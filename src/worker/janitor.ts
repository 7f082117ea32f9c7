import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { StepHeartbeat } from '../contract/step-task.js';
import { sweepFinished, type OpenRun } from '../activities/cleanup/sweep-tries.js';
import { isFinished } from '../journal/index.js';
import type { RecordKeeper } from '../records/record-keeper.js';
import { runFolders } from '../records/run-folders.js';
import { stateHost } from '../records/state-host.js';
import { readRecord, type RecordClient } from '../temporal/read-record.js';
import { firstExecutionOf, lastExecution } from '../temporal/run-chain.js';
import { plain } from '../contract/seal.js';

/** Milliseconds between two rounds. */
const ROUND_MS = 60_000;

/** Where closed runs are looked for, and by what their records are written. */
export interface SealDeps {
  client: RecordClient;
  stateDir: string;
  records: Pick<RecordKeeper, 'seal'>;
  /** Is told of a run that could not be looked after; the others are. */
  onError: (runId: string, error: unknown) => void;
}

export interface JanitorDeps extends SealDeps {
  /** Name of the service, as the worker has it. */
  service: string;
}

/**
 * Writes the records of runs that have closed without doing so themselves: a run that is terminated has no say any
 * more, and a full disk may have kept another from it.
 *
 * @param done folders that need no look any more; grows
 * @returns the ids of the runs whose records were written
 */
export async function sealClosedRuns(deps: SealDeps, done: Set<string> = new Set()): Promise<string[]> {
  const sealed: string[] = [];
  for await (const { path, manifest } of runFolders(deps.stateDir, done)) {
    if (manifest === undefined) continue; // there may be one later
    try {
      if (isFinished(manifest) || (await sealIfClosed(deps, manifest, sealed))) done.add(path);
    } catch (error) {
      deps.onError(manifest.run_id, error);
    }
  }
  return sealed;
}

/** Looks after closed runs now and every minute; call what it returns to stop. */
export function startJanitor(deps: JanitorDeps): () => void {
  const done = new Set<string>();
  let stopped = false;
  let busy = false;
  // What fails because the worker's connection closes is no matter.
  const onError: JanitorDeps['onError'] = (runId, error) => void (stopped || deps.onError(runId, error));
  const sweep = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      await sweepFinished({
        ...deps,
        openRun: (run) => openRun(deps, run),
        onError: (error) => onError('*', error),
      });
      await sealClosedRuns({ ...deps, onError }, done);
    } catch (error) {
      onError('*', error);
    } finally {
      busy = false;
    }
  };
  void sweep();
  const timer = setInterval(() => void sweep(), ROUND_MS);
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

/** Resolves to whether the run needs no further look. */
async function sealIfClosed(
  { client, records }: SealDeps,
  { run_id, temporal_run_id }: { run_id: string; temporal_run_id: string },
  sealed: string[],
): Promise<boolean> {
  const execution = await findExecution(client, run_id);
  // Of another service, or of one whose database is gone.
  if (execution === undefined || execution.runId !== temporal_run_id) return true;
  if (execution.open) return false;
  const record = await readRecord(client, run_id);
  if (record !== undefined) {
    await records.seal(record);
    sealed.push(run_id);
  }
  return true;
}

/** The steps that the service holds for open, of a run that has not closed. */
async function openRun(
  { client, stateDir }: Pick<JanitorDeps, 'client' | 'stateDir'>,
  { run_id, temporal_run_id }: { run_id: string; temporal_run_id: string },
): Promise<OpenRun | undefined> {
  const execution = await lastExecution(client, { run_id, temporal_run_id });
  if (execution?.status.name !== 'RUNNING') return undefined;
  const { raw } = execution;
  // It is about to decide: an attempt that has ended may be followed by one that goes on with the same process.
  if (raw.pendingWorkflowTask) return { steps: { has: () => true } };
  const steps = new Set<string>();
  for (const { activityId, heartbeatDetails } of raw.pendingActivities ?? []) {
    if (activityId?.startsWith('g:')) return { steps: { has: () => true } }; // a group of steps, for a second
    if (activityId?.startsWith('n:')) steps.add(activityId); // a command that tells somebody of the run
    if (!activityId?.startsWith('s:')) continue;
    // This host was gone for too long, and the step has begun anew on another one.
    const host = await hostIn(client, heartbeatDetails?.payloads);
    if (host === undefined || host === stateHost(stateDir)) steps.add(activityId.slice(2));
  }
  return { steps };
}

async function hostIn(
  client: RecordClient,
  payloads: Parameters<typeof decodeArrayFromPayloads>[1],
): Promise<string | undefined> {
  const [details] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
  return (plain(details) as Partial<StepHeartbeat> | undefined)?.host; // a heartbeat carries no seal
}

async function findExecution(
  client: RecordClient,
  runId: string,
): Promise<{ runId: string; open: boolean } | undefined> {
  try {
    const execution = await client.workflow.getHandle(runId).describe();
    return { runId: firstExecutionOf(execution), open: execution.status.name === 'RUNNING' };
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return undefined;
    throw error;
  }
}
