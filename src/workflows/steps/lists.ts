import type { CarriedList } from '../../contract/carried-run.js';
import { packRows } from '../../contract/pack-columns.js';
import { unpackRows } from '../../contract/read-columns.js';
import type { ItemCounts } from '../../contract/run-messages.js';
import type { ReusedItem } from '../../contract/run-input.js';
import type { StepReport } from '../../contract/step-result.js';
import type { Json } from '../../plan/model/values.js';
import { itemLabel } from '../../plan/templates/item-label.js';

/** How far a `foreach` is. */
export interface ListProgress {
  /** How many items there are, once that is known. */
  total?: number;
  next: number;
  /** Those that an earlier history, or a group, has started, and that run on. */
  goingOn: number[];
  running: Set<number>;
  /** Those that a group has begun: also where the step is canceled somebody has to wait for them. */
  begun: Set<number>;
  /** By index; of what has not ended there is none. */
  reports: (StepReport | undefined)[];
}

/**
 * Hears the item of each instance at its start, and then its report; of one that is taken over both.
 *
 * @param at when that was, milliseconds since the epoch; now where it is absent
 */
export type ItemNews = (
  step: number,
  instance: number,
  news: { item?: string; report?: StepReport },
  at?: number,
) => void;

/** Takes the next item that is to run; undefined where there is none. */
export function nextOf(progress: ListProgress, items: readonly Json[]): number | undefined {
  const goingOn = progress.goingOn.shift();
  if (goingOn !== undefined) return goingOn;
  // Taken over, or begun by a group.
  while (progress.reports[progress.next] !== undefined || progress.running.has(progress.next)) progress.next += 1;
  if (progress.next >= items.length) return undefined;
  progress.next += 1;
  return progress.next - 1;
}

/** Takes the next item that a group has begun, and that nobody waits for yet. */
export function nextBegun({ goingOn, begun }: ListProgress): number | undefined {
  const place = goingOn.findIndex((item) => begun.has(item));
  return place < 0 ? undefined : goingOn.splice(place, 1)[0];
}

/** A list of which nothing has begun, or one that an earlier history has begun. */
export function listProgress(carried: CarriedList | undefined): ListProgress {
  if (carried === undefined) return { next: 0, goingOn: [], running: new Set(), begun: new Set(), reports: [] };
  const { next, running, reports } = carried;
  const rows = unpackRows(reports, namesOf(reports.rows)).map((row): StepReport | undefined =>
    'status' in row ? (row as unknown as StepReport) : undefined,
  );
  return { next, goingOn: [...running], running: new Set(running), begun: new Set(), reports: rows };
}

/** How many items of a list have ended, and how many of these failed. */
export function countItems({ total, reports }: ListProgress): ItemCounts | undefined {
  if (total === undefined) return undefined;
  const ended = reports.filter((report) => report !== undefined);
  return { total, ended: ended.length, failed: ended.filter(({ status }) => status === 'failed').length };
}

/** A list that ended, and not well. */
export interface FailedList {
  items: readonly Json[];
  reports: readonly (StepReport | undefined)[];
}

/** What went well of a list, where the items are still the same. */
export function wentWell({ items: before, reports }: FailedList, items: readonly Json[]): [number, StepReport][] {
  return reports.flatMap((report, index): [number, StepReport][] => {
    if (report?.status !== 'success' && report?.status !== 'warning') return [];
    const same = index < items.length && JSON.stringify(before[index]) === JSON.stringify(items[index]);
    return same ? [[index, report]] : [];
  });
}

/** What is taken over of another run's list: the items that still stand where they stood. */
export function reusedItems(
  reused: Readonly<Record<string, ReusedItem>> | undefined,
  items: readonly Json[],
): [number, StepReport][] {
  return Object.entries(reused ?? {}).flatMap(([key, { item, report }]): [number, StepReport][] => {
    const index = Number(key);
    return Number.isInteger(index) && index >= 0 && index < items.length && itemLabel(items[index]!) === item
      ? [[index, report]]
      : [];
  });
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
