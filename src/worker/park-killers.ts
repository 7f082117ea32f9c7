import { statSync } from 'node:fs';
import type { Worker } from '@temporalio/worker';
import { countDeaths, isParked, noteSlowTask, parkedText } from '../records/slow-tasks.js';
import { WORKFLOW_BUNDLE } from './bundle.js';

/** Milliseconds that workflow code may compute before a note is made of it. It usually takes a few. */
const SLOW_MS = 2_000;

/** What the SDK makes workflows by. It is not part of its interface, so nothing is taken for granted. */
interface Creator {
  createWorkflow(options: { info: RunInfo }): Promise<{ activate(activation: unknown): Promise<unknown> }>;
}

interface RunInfo {
  workflowId: string;
  runId: string;
}

export interface ParkDeps {
  stateDir: string;
  warn: (message: string) => void;
  /** For tests. */
  slowMs?: number;
}

/**
 * Leaves runs alone that have taken down workers: one run whose code hangs, or eats all memory, would otherwise take
 * down every worker that is started, and with it all other runs. Its workflow tasks fail, which the worker's log
 * and `orch status` say in words, and Temporal offers them again and again until somebody has done something.
 *
 * Code that computes runs in a thread of its own, so this one can note which run it is before the process dies.
 */
export function parkKillers(worker: Worker, { stateDir, warn, slowMs = SLOW_MS }: ParkDeps): void {
  const creator = (worker as unknown as { workflowCreator?: Creator }).workflowCreator;
  if (typeof creator?.createWorkflow !== 'function') {
    warn(
      'This version of the Temporal SDK does not show how workflows are created: runs that take down workers are not parked',
    );
    return;
  }
  const version = versionOfCode();
  const known = new Map(countDeaths(stateDir, version).map((task) => [task.temporal_run_id, task]));
  for (const task of known.values()) if (isParked(task)) warn(parkedText(stateDir, task));
  const create = creator.createWorkflow.bind(creator);
  creator.createWorkflow = async (options) => {
    const workflow = await create(options);
    const activate = workflow.activate.bind(workflow);
    workflow.activate = (activation) => watched(options.info, () => activate(activation));
    return workflow;
  };

  async function watched<T>({ workflowId, runId }: RunInfo, run: () => Promise<T>): Promise<T> {
    const before = known.get(runId);
    if (before !== undefined && isParked(before)) throw new Error(parkedText(stateDir, before));
    const task = before ?? { run_id: workflowId, temporal_run_id: runId, deaths: 0, version };
    let noted = false;
    const timer = setTimeout(() => {
      noted = true;
      noteSlowTask(stateDir, { ...task, worker: process.pid });
    }, slowMs);
    try {
      return await run();
    } finally {
      clearTimeout(timer);
      if (noted) {
        // It has come to an end this time, so what was before does not count. What was quick all the same says nothing.
        known.delete(runId);
        noteSlowTask(stateDir, { ...task, deaths: 0 });
      }
    }
  }
}

/** Changes with every build. */
function versionOfCode(): string {
  const { size, mtimeMs } = statSync(WORKFLOW_BUNDLE);
  return `${size}-${mtimeMs}`;
}
