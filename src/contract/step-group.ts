import type { PackedRows } from './columns.js';
import { packRows } from './pack-columns.js';
import { unpackRows } from './read-columns.js';
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
  /** For each step the places of those that it waits for; absent where each waits for the one before it, empty where none waits. */
  after?: readonly (readonly number[])[];
  /** Places of the steps that the run has started, in that order. */
  started: readonly number[];
  /** Places of those that only lack a slot, in the order in which they get one. */
  ready: readonly number[];
  /** Places of those without an id about which the run decides as soon as they are ready: nothing begins after that. */
  decided: readonly number[];
  /** How many may run at once. */
  slots: number;
  /** The tasks of the steps that have an id. */
  tasks: BriefRows;
  /** Nothing is begun: what has become of that which was begun before is all that is asked. */
  look?: true;
}

/** What has become of a group of steps. */
export interface GroupReport {
  /** Places of the steps that have ended well, in the order in which that was taken in. */
  ended: readonly number[];
  /** What they report. */
  reports: BriefRows;
  /** Places of other steps that were begun, and when: they run, or have ended otherwise. */
  begun: readonly (readonly [place: number, startedAt: number])[];
  /** The worker takes no groups: processes may be on several hosts. */
  declined?: true;
  /** The worker has so many groups that it has not come to this one: nothing of it was begun. */
  waited?: true;
}

/** How steps hang together, as it travels: a chain need not say so. */
export function packAfter(after: NonNullable<StepGroup['after']>): Pick<StepGroup, 'after'> {
  const isChain = after.every((places, place) =>
    place === 0 ? places.length === 0 : places.length === 1 && places[0] === place - 1,
  );
  return isChain ? {} : { after };
}

/** What {@link packAfter} was given. */
export function unpackAfter({ steps, after }: Pick<StepGroup, 'steps' | 'after'>): NonNullable<StepGroup['after']> {
  if (after !== undefined && after.length > 0) return after;
  return steps.map((_, place) => (place === 0 || after !== undefined ? [] : [place - 1]));
}

/** Rows that may lack what is usual. */
export interface BriefRows extends PackedRows {
  /** A field of {@link USUAL} that no row has is as that says. Absent where nothing was left out. */
  usual?: 1;
}

/**
 * What most tasks and reports say. It stands for what is missing in the histories of open runs, so none of it may ever
 * change: another table would need another {@link BriefRows.usual}.
 */
const USUAL = {
  task: {
    env: {},
    timeout_sec: 1800,
    max_duration_sec: 'none',
    grace_sec: 10,
    retry: { retries: 0, delay_sec: 0, backoff: 'constant', no_retry_exit_codes: [] },
    max_lost: 3,
    max_output_bytes: 1_073_741_824,
    success_exit_codes: [0],
    warning_exit_codes: [],
    outputs: [],
  } satisfies Partial<StepTask>,
  report: {
    status: 'success',
    attempts: 1,
    exit_code: 0,
    stdout_tail: '',
    stderr_tail: '',
    attempt: 1,
  } satisfies Partial<StepReport>,
};

/** The tasks of a group, as they travel. @param brief whether what is usual is left out */
export function packTasks(tasks: readonly StepTask[], brief: boolean): BriefRows {
  return pack(tasks, idsOf(tasks), brief ? USUAL.task : undefined);
}

/** The tasks that {@link packTasks} was given, by the places of their steps. */
export function unpackTasks({ steps, tasks }: Pick<StepGroup, 'steps' | 'tasks'>): Map<number, StepTask> {
  const ids = steps.filter((id) => id !== null);
  const rows = unpack(tasks, ids, USUAL.task, true) as unknown as StepTask[];
  const places = steps.flatMap((id, place) => (id === null ? [] : [place]));
  return new Map(rows.map((task, i) => [places[i]!, task]));
}

/** What steps report, as it travels. @param ids those of the steps, in the same order */
export function packReports(reports: readonly StepReport[], ids: readonly string[], brief: boolean): BriefRows {
  return pack(reports, ids, brief ? USUAL.report : undefined);
}

/** The reports that {@link packReports} was given. */
export function unpackReports(reports: BriefRows, ids: readonly string[]): StepReport[] {
  return unpack(reports, ids, USUAL.report, false) as unknown as StepReport[];
}

function pack(rows: readonly object[], ids: readonly string[], usual: object | undefined): BriefRows {
  const packed = packRows(rows, ids);
  if (usual === undefined) return packed;
  const others = packRows(
    rows.map(() => usual),
    ids,
  ).columns;
  // Where one is missing altogether, it would be read as usual.
  if (Object.keys(usual).some((key) => packed.columns[key] === undefined)) return packed;
  const own = Object.entries(packed.columns).filter(
    ([key, column]) => JSON.stringify(column) !== JSON.stringify(others[key]),
  );
  return { rows: packed.rows, columns: Object.fromEntries(own), usual: 1 };
}

function unpack(packed: BriefRows, ids: readonly string[], usual: object, shared: boolean): object[] {
  const rows = unpackRows(packed, ids, { shared });
  if (packed.usual === undefined) return rows;
  const left = Object.fromEntries(Object.entries(usual).filter(([key]) => packed.columns[key] === undefined));
  return rows.map((row) => ({ ...left, ...row }));
}

function idsOf(tasks: readonly StepTask[]): string[] {
  return tasks.map(({ step_id }) => step_id);
}
