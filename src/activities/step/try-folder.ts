import { createHash } from 'node:crypto';
import path from 'node:path';
import { temporalRunOf } from './execution-info.js';
import { attemptsDir } from '../../records/paths.js';
import type { Execution } from './execution.js';

/** Who a try belongs to, as the janitor reads it. */
export interface TryOwner extends Readonly<Record<string, string>> {
  /** The service that the run is on. */
  service: string;
  run_id: string;
  /** Of the first execution of the run. */
  temporal_run_id: string;
  step_id: string;
  run_once: 'true' | 'false';
}

/**
 * The folder of a try: the same for all of Temporal's attempts at it, whose number grows with every worker that is
 * lost, and another one after each execution that really failed.
 */
export function tryDirOf(stateDir: string, { task, attempt }: Execution): string {
  return path.join(attemptsDir(stateDir), tryName(temporalRunOf(task), task.step_id, attempt));
}

/** Name of the folder of a try: short, and of plain characters whatever the ids hold. */
export function tryName(temporalRunId: string, stepId: string, attempt: number): string {
  return createHash('sha256').update(`${temporalRunId}\0${stepId}\0${attempt}`).digest('hex').slice(0, 32);
}

/** What stands in the folder about whose it is. */
export function ownerOf({ task }: Execution, service: string): TryOwner {
  return {
    service,
    run_id: task.run_id,
    temporal_run_id: temporalRunOf(task),
    step_id: task.step_id,
    run_once: task.run_once === true ? 'true' : 'false',
  };
}
