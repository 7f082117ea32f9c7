import { statSync } from 'node:fs';
import type { Worker } from '@temporalio/worker';
import { countDeaths, isParked, noteSlowTask, parkedText, type SlowTask } from '../records/slow-tasks.js';
import { WORKFLOW_BUNDLE } from './bundle.js';

/** Milliseconds that workflow code may compute before a note is made of it. It usually takes a few. */
const SLOW_MS = 2_000;

/** What the SDK makes workflows by. It is not part of its interface, so nothing is taken for granted. */
interface Creator {
  createWorkflow(options: { info: RunInfo }): Promise<{ activate(activation: Activation): Promise<unknown> }>;
}

/** What is to be computed: what has happened up to here. */
interface Activation {
  historyLength?: number;
}

interface RunInfo {
  workflowId: string;
  runId: string;
}

export interface ParkDeps {
  stateDir: string;
  warn: (message: string) => void;
  /**
   * Set where workers have died lately: what killed them may have taken less time than it takes to be noted. So each run
   * is noted before it computes, with how far its history goes, and one computes at a time. A run is to blame where
   * workers die at the same place of its history: those that somebody kills die anywhere.
   */
  careful?: boolean;
  /** For tests. */
  slowMs?: number;
  /** For tests: of the code that is run. */
  version?: string;
}

/** How long care is taken. What dies within seconds of each start is known by then. Milliseconds. */
const CAREFUL_MS = 5 * 60_000;

/**
 * Leaves runs alone that have taken down workers: one run whose code hangs, or eats all memory, would otherwise take
 * down every worker that is started, and with it all other runs. Its workflow tasks fail, which the worker's log
 * and `orch status` say in words, and Temporal offers them again and again until somebody has done something.
 *
 * Code that computes runs in a thread of its own, so this one can note which run it is before the process dies.
 */
export function parkKillers(worker: Worker, deps: ParkDeps): void {
  const { stateDir, warn, careful = false, slowMs = SLOW_MS } = deps;
  const creator = (worker as unknown as { workflowCreator?: Creator }).workflowCreator;
  if (typeof creator?.createWorkflow !== 'function') {
    warn(
      'This version of the Temporal SDK does not show how workflows are created: runs that take down workers are not parked',
    );
    return;
  }
  const version = deps.version ?? versionOfCode();
  const known = new Map(countDeaths(stateDir, version).map((task) => [task.temporal_run_id, task]));
  for (const task of known.values()) if (isParked(task)) warn(parkedText(stateDir, task));
  const carefulUntil = careful ? performance.now() + CAREFUL_MS : 0;
  if (careful) setTimeout(absolve, CAREFUL_MS).unref();
  let before: Promise<unknown> = Promise.resolve();
  const create = creator.createWorkflow.bind(creator);
  creator.createWorkflow = async (options) => {
    const workflow = await create(options);
    const activate = workflow.activate.bind(workflow);
    workflow.activate = (activation) => {
      const run = (): Promise<unknown> => activate(activation);
      if (performance.now() > carefulUntil) return watched(options.info, run);
      const after = before.then(() => watched(options.info, run, activation.historyLength ?? 0));
      before = after.catch(() => undefined);
      return after;
    };
    return workflow;
  };

  /** Who has come through the time of care has not killed anybody. */
  function absolve(): void {
    for (const task of known.values()) {
      if (isParked(task)) continue;
      known.delete(task.temporal_run_id);
      noteSlowTask(stateDir, { ...task, deaths: 0 });
    }
  }

  async function watched<T>({ workflowId, runId }: RunInfo, run: () => Promise<T>, place?: number): Promise<T> {
    const earlier = known.get(runId);
    if (earlier !== undefined && isParked(earlier)) throw new Error(parkedText(stateDir, earlier));
    const task = earlier ?? { run_id: workflowId, temporal_run_id: runId, deaths: 0, version };
    let slow = false;
    if (place !== undefined) noteSlowTask(stateDir, { ...blamedAt(task, place), worker: process.pid });
    const timer = setTimeout(() => {
      slow = true;
      noteSlowTask(stateDir, { ...task, worker: process.pid });
    }, slowMs);
    try {
      return await run();
    } finally {
      clearTimeout(timer);
      if (slow) {
        // It has come to an end this time, so what was before does not count. What was quick all the same says nothing.
        known.delete(runId);
        noteSlowTask(stateDir, { ...task, deaths: 0 });
      } else if (place !== undefined) noteSlowTask(stateDir, task);
    }
  }
}

/** The note of a quick task, should it be the last: deaths at other places of the history are none of its own. */
function blamedAt(task: SlowTask, place: number): SlowTask {
  return { ...task, place, deaths: task.place === place ? task.deaths : 0 };
}

/** Changes with every build. */
function versionOfCode(): string {
  const { size, mtimeMs } = statSync(WORKFLOW_BUNDLE);
  return `${size}-${mtimeMs}`;
}
