import type { CarriedList } from '../../contract/carried-run.js';
import { packRows, unpackRows } from '../../contract/columns.js';
import type { StepReport } from '../../contract/step-result.js';

/** How far a `foreach` is. */
export interface ListProgress {
  next: number;
  /** Those that an earlier history has started, and that run on. */
  goingOn: number[];
  running: Set<number>;
  /** By index; of what has not ended there is none. */
  reports: (StepReport | undefined)[];
}

/** A list of which nothing has begun, or one that an earlier history has begun. */
export function listProgress(carried: CarriedList | undefined): ListProgress {
  if (carried === undefined) return { next: 0, goingOn: [], running: new Set(), reports: [] };
  const { next, running, reports } = carried;
  const rows = unpackRows(reports, namesOf(reports.rows)).map((row): StepReport | undefined =>
    'status' in row ? (row as unknown as StepReport) : undefined,
  );
  return { next, goingOn: [...running], running: new Set(running), reports: rows };
}

/** A list as it goes along to a new history: of its reports what their sum is made of. */
export function carriedList({ next, running, reports }: ListProgress): CarriedList {
  const rows = Array.from({ length: reports.length }, (_, i) => partOf(reports[i], i));
  return { next, running: [...running], reports: packRows(rows, namesOf(rows.length)) };
}

/** The sum tells where the first one's logs are, or those of one that did not go well. */
function partOf(report: StepReport | undefined, index: number): object {
  if (report === undefined) return {};
  const { status, reason, message, attempts, exit_code, log_dir, outputs, agent, stderr_tail } = report;
  return {
    status,
    attempts,
    outputs,
    agent,
    ...(status !== 'success' || index === 0 ? { exit_code, log_dir } : {}),
    ...(status === 'failed' ? { reason, message, stderr_tail } : {}),
  };
}

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i));
}
