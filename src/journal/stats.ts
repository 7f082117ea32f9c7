import type { RunMetrics } from './metrics.js';

/** What many runs come to. Times in seconds; null where there is nothing to say. */
export interface Stats {
  runs: number;
  succeeded: number;
  failed: number;
  /** Neither a success nor a failure. */
  canceled: number;
  success_rate: number | null;
  duration_p50_sec: number | null;
  duration_p95_sec: number | null;
  /** Executions of steps that came after a failed one. */
  retries: number;
  /** Runs that went on from another one. */
  reruns: number;
  /** How often a plan succeeded again after failures, and how long that took from the first of them, on average. */
  recoveries: number;
  mttr_sec: number | null;
  tokens: number | null;
  cost_usd: number | null;
}

/** The same for each plan, by name, and for all. */
export interface RunStats {
  plans: ({ plan_id: string } & Stats)[];
  total: Stats;
}

/** Runs above a sub-run; more would be a circle. */
const MAX_LEVELS = 100;

/**
 * Adds runs up. Each execution counts once, however often it was told.
 *
 * @param all whether the runs of sub-plans count as runs of their own; else what they cost, and their retries, count
 * for the run above, as far as that is among the entries
 */
export function statsOf(entries: Iterable<RunMetrics>, all = false): RunStats {
  const known = new Map<string, RunMetrics>();
  for (const entry of entries) known.set(`${entry.run_id} ${entry.temporal_run_id}`, entry);
  const byId = new Map([...known.values()].map((entry) => [entry.run_id, entry]));
  const groups = new Map<string, RunMetrics[]>();
  for (const entry of known.values()) {
    const { plan_id } = all ? entry : topOf(entry, byId);
    groups.set(plan_id, [...(groups.get(plan_id) ?? []), entry]);
  }
  const own = (group: readonly RunMetrics[]) => group.filter((entry) => all || entry.parent_run_id === undefined);
  const plans = [...groups]
    .filter(([, group]) => own(group).length > 0)
    .map(([plan_id, group]) => ({ plan_id, ...added(own(group), group, recoveriesOf(own(group))) }))
    .sort((a, b) => (a.plan_id < b.plan_id ? -1 : 1));
  const runs = [...known.values()];
  const recoveries = [...groups.values()].flatMap((group) => recoveriesOf(own(group)));
  return { plans, total: added(own(runs), runs, recoveries) };
}

/** The run that a sub-run belongs to in the end. */
function topOf(entry: RunMetrics, byId: ReadonlyMap<string, RunMetrics>): RunMetrics {
  let top = entry;
  for (let level = 0; level < MAX_LEVELS && top.parent_run_id !== undefined; level += 1) {
    const above = byId.get(top.parent_run_id);
    if (above === undefined) break;
    top = above;
  }
  return top;
}

function added(runs: readonly RunMetrics[], below: readonly RunMetrics[], recoveries: readonly number[]): Stats {
  const succeeded = runs.filter(({ status }) => status === 'succeeded').length;
  const failed = runs.filter(isFailure).length;
  const durations = runs.map(({ duration_sec }) => duration_sec).sort((a, b) => a - b);
  return {
    runs: runs.length,
    succeeded,
    failed,
    canceled: runs.length - succeeded - failed,
    success_rate: succeeded + failed === 0 ? null : succeeded / (succeeded + failed),
    duration_p50_sec: percentile(durations, 0.5),
    duration_p95_sec: percentile(durations, 0.95),
    retries: below.reduce((sum, { retries }) => sum + retries, 0),
    reruns: runs.filter(({ rerun_of }) => rerun_of !== undefined).length,
    recoveries: recoveries.length,
    mttr_sec: recoveries.length === 0 ? null : recoveries.reduce((sum, time) => sum + time, 0) / recoveries.length,
    tokens: told(below, 'tokens'),
    cost_usd: told(below, 'cost_usd'),
  };
}

/** Whoever terminates a run, or cancels it, says nothing of the plan. */
function isFailure({ status }: RunMetrics): boolean {
  return status === 'failed' || status === 'timed_out';
}

/** For each series of failures of one plan that a success has ended: seconds from the first failure to that success. */
function recoveriesOf(runs: readonly RunMetrics[]): number[] {
  const recoveries: number[] = [];
  let broken: number | undefined;
  for (const run of runs.toSorted((a, b) => Date.parse(a.finished_at) - Date.parse(b.finished_at))) {
    const at = Date.parse(run.finished_at);
    if (isFailure(run)) broken ??= at;
    else if (run.status === 'succeeded' && broken !== undefined) {
      recoveries.push((at - broken) / 1000);
      broken = undefined;
    }
  }
  return recoveries;
}

/** The value that so many of the sorted ones do not exceed (nearest rank). */
function percentile(sorted: readonly number[], part: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? null;
}

function told(runs: readonly RunMetrics[], key: 'tokens' | 'cost_usd'): number | null {
  const values = runs.flatMap((run) => run[key] ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}
