import { statsOf, type RunMetrics, type Stats } from '../../journal/index.js';
import { readMetrics } from '../../records/metrics.js';
import { stateDir } from '../../records/paths.js';
import { checkStateDir } from '../../service/index.js';
import { EXIT, type CliContext } from '../context.js';
import { readDuration } from '../options/durations.js';
import { UsageError } from '../errors.js';
import { duration } from '../render/format.js';
import { table } from '../render/table.js';

interface StatsFlags {
  since?: string;
  plan?: string;
  all?: boolean;
  json?: boolean;
}

/** `orch stats`: what the runs of this machine come to, by plan. It reads files only, and asks no service. */
export async function stats(context: CliContext, flags: StatsFlags): Promise<number> {
  const since = flags.since === undefined ? undefined : readSince(flags.since);
  const entries: RunMetrics[] = [];
  checkStateDir(stateDir(context.env));
  for await (const entry of readMetrics(stateDir(context.env), since)) entries.push(entry);
  const { plans, total } = statsOf(entries, flags.all === true);
  const shown = flags.plan === undefined ? plans : plans.filter(({ plan_id }) => plan_id === flags.plan);
  if (flags.json) {
    const about = { since: since?.toISOString() ?? null, plans: shown };
    context.out(`${JSON.stringify({ ...about, ...(flags.plan === undefined && { total }) }, null, 2)}\n`);
  } else if (shown.length === 0) context.note('no runs\n');
  else context.out(`${render(shown, flags.plan === undefined ? total : undefined)}\n`);
  return EXIT.succeeded;
}

/** A length of time before now, or a day or time. */
function readSince(text: string): Date {
  if (/^\d+(\.\d+)?[a-z]$/i.test(text)) return new Date(Math.max(0, Date.now() - readDuration('--since', text)));
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (!Number.isNaN(time.getTime())) return time;
  throw new UsageError(`--since ${text}: not a valid time`, 'use 7d, 12h, or a date such as 2026-01-31');
}

function render(plans: readonly ({ plan_id: string } & Stats)[], total: Stats | undefined): string {
  const head = ['PLAN', 'RUNS', 'OK', 'FAILED', 'CANCELED', 'RATE', 'P50', 'P95', 'RETRIES', 'RERUNS', 'MTTR', 'COST'];
  const rows = plans.map((plan) => [plan.plan_id, ...cells(plan)]);
  // One plan is its own total.
  return table([head, ...rows, ...(total === undefined || plans.length < 2 ? [] : [['total', ...cells(total)]])]);
}

function cells(row: Stats): string[] {
  return [
    String(row.runs),
    String(row.succeeded),
    String(row.failed),
    String(row.canceled),
    row.success_rate === null ? '-' : `${Math.round(row.success_rate * 100)}%`,
    time(row.duration_p50_sec),
    time(row.duration_p95_sec),
    String(row.retries),
    String(row.reruns),
    time(row.mttr_sec),
    costText(row),
  ];
}

function time(seconds: number | null): string {
  return seconds === null ? '-' : duration(seconds * 1000);
}

function costText({ tokens, cost_usd }: Stats): string {
  const parts = [
    ...(cost_usd === null ? [] : [`$${cost_usd.toFixed(2)}`]),
    ...(tokens === null ? [] : [`${tokens} tokens`]),
  ];
  return parts.join(', ') || '-';
}
