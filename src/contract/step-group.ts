import { packRows, unpackRows, type PackedRows } from './columns.js';
import type { StepTask } from './step-task.js';
import type { StepReport } from './step-result.js';

/**
 * Steps that a worker begins by itself, in the order in which the run would start them: those that it has started, and what
 * certainly comes next if they succeed. Steps are told by their places in {@link steps}.
 */
export interface StepGroup {
  /** Says which environment the tasks lack, as in `SharedTask`. */
  shared: string;
  /** Ids of the steps, in the order of the plan; null for one that only the run can start: where its turn comes, the rest waits. */
  steps: readonly (string | null)[];
  /** For each step the places of those that it waits for. */
  after: readonly (readonly number[])[];
  /** Places of the steps that the run has started, in that order. */
  started: readonly number[];
  /** Places of those that only lack a slot, in the order in which they get one. */
  ready: readonly number[];
  /** Places of those without an id about which the run decides as soon as they are ready: nothing begins after that. */
  decided: readonly number[];
  /** How many may run at once. */
  slots: number;
  /** The tasks of the steps that have an id. */
  tasks: PackedRows;
  /** Nothing is begun: what has become of that which was begun before is all that is asked. */
  look?: true;
}

/** What has become of a group of steps. */
export interface GroupReport {
  /** Places of the steps that have ended well, in the order in which that was taken in. */
  ended: readonly number[];
  /** What they report. */
  reports: PackedRows;
  /** Places of other steps that were begun, and when: they run, or have ended otherwise. */
  begun: readonly (readonly [place: number, startedAt: number])[];
  /** The worker takes no groups: processes may be on several hosts. */
  declined?: true;
}

/** The tasks of a group, as they travel. */
export function packTasks(tasks: readonly StepTask[]): PackedRows {
  return packRows(tasks, idsOf(tasks));
}

/** The tasks that {@link packTasks} was given, by the places of their steps. */
export function unpackTasks({ steps, tasks }: Pick<StepGroup, 'steps' | 'tasks'>): Map<number, StepTask> {
  const ids = steps.filter((id) => id !== null);
  const rows = unpackRows(tasks, ids, { shared: true }) as unknown as StepTask[];
  const places = steps.flatMap((id, place) => (id === null ? [] : [place]));
  return new Map(rows.map((task, i) => [places[i]!, task]));
}

/** What steps report, as it travels. @param ids those of the steps, in the same order */
export function packReports(reports: readonly StepReport[], ids: readonly string[]): PackedRows {
  return packRows(reports, ids);
}

/** The reports that {@link packReports} was given. */
export function unpackReports(reports: PackedRows, ids: readonly string[]): StepReport[] {
  return unpackRows(reports, ids) as unknown as StepReport[];
}

function idsOf(tasks: readonly StepTask[]): string[] {
  return tasks.map(({ step_id }) => step_id);
}
