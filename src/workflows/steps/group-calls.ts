import type { ActivityInterfaceFor } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import {
  packTasks,
  unpackReports,
  type BriefRows,
  type GroupReport,
  type StepGroup,
} from '../../contract/step-group.js';
import type { StepTask } from '../../contract/step-task.js';
import type { StepReport } from '../../engine/index.js';
import type { Step } from '../../plan/model/plan.js';
import type { ExpandedStep } from '../../plan/templates/expand-step.js';
import { ownEnv, type SharedEnv } from '../../plan/templates/shared-env.js';
import type { Temporal } from '../temporal/temporal.js';
import { isForged, MAX_FORGERIES } from './step-end.js';

/** Bytes of the tasks of a group. Larger payloads would be compressed, and could not be read in the Web UI. */
export const MAX_TASK_BYTES = 96 * 1024;
/** A group takes a second. One that takes longer has lost its worker. */
const TIMEOUT = '10 seconds';
/** Characters of the summary of a group in the Web UI, which Temporal allows 400 bytes. */
export const SUMMARY = 200;

/** The activity that runs groups. */
export class GroupCalls {
  private readonly activities: ActivityInterfaceFor<Pick<Activities, 'runSteps'>>;

  constructor(temporal: Temporal) {
    this.activities = temporal.activities({
      startToCloseTimeout: TIMEOUT,
      retry: { initialInterval: '1 second', backoffCoefficient: 1 },
    });
  }

  /**
   * Hands a group to the worker. Never fails: what that has begun is found by the activities of the steps.
   *
   * @param first id of the step that is started first
   */
  async ask(group: StepGroup, first: string, summary: string): Promise<GroupReport> {
    const options = { activityId: `g:${first}`, summary };
    for (let forgeries = 0; ; forgeries += 1) {
      try {
        return await this.activities.runSteps.executeWithOptions(options, [
          forgeries === 0 ? group : { ...group, look: true },
        ]);
      } catch (error) {
        if (isForged(error) && forgeries < MAX_FORGERIES) continue;
        return { ended: [], reports: { rows: 0, columns: {} }, begun: [], declined: true };
      }
    }
  }
}

/** The tasks of a group as they travel. @param isBrief whether what is usual is left out */
export function travelling(tasks: readonly StepTask[], shared: SharedEnv, isBrief: boolean): BriefRows {
  return packTasks(
    tasks.map((task) => ({ ...task, env: ownEnv(task.env, shared) })),
    isBrief,
  );
}

/** What a group has ended well, in the order in which that was taken in. @param ids those of its places */
export function endsOf(
  { ended, reports }: GroupReport,
  ids: readonly string[],
): { place: number; report: StepReport }[] {
  const names = ended.map((place) => ids[place]!);
  return unpackReports(reports, names).map((report, i) => ({ place: ended[i]!, report }));
}

/** Whether what a step runs, or an instance of it, is one process, and nothing else needs to be there for it. */
export function isProcess({ action: { type }, secrets, queue, run_once }: Step): boolean {
  const isCommand = type === 'command' || type === 'shell' || type === 'powershell';
  return isCommand && queue === undefined && !run_once && Object.keys(secrets).length === 0;
}

/** Whether it lacks no lock. @param held names of the locks that the run holds anyway */
export function hasItsLocks({ locks }: ExpandedStep, held: readonly string[]): boolean {
  return locks.every((name) => held.includes(name));
}
