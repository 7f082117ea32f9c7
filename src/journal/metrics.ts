import { z } from 'zod';
import type { Manifest, ManifestStep } from './manifest.js';

/** Version of the form of a line. Fields are added, never changed or taken away. */
const METRICS_VERSION = 1;

const time = z.string().describe('RFC 3339, UTC');

/** One line of the metrics: a run that has ended, in numbers. Its record has the rest. */
export const runMetricsSchema = z.object({
  v: z.literal(METRICS_VERSION),
  run_id: z.string(),
  temporal_run_id: z.string().describe('identifies the execution, together with run_id'),
  plan_id: z.string(),
  pipeline_id: z.string().optional().describe('of a run of a pipeline'),
  project: z.string().optional(),
  parent_run_id: z.string().optional(),
  rerun_of: z.string().optional().describe('the run that it reruns'),
  status: z.enum(['succeeded', 'failed', 'canceled', 'terminated', 'timed_out']),
  reason: z.string().optional(),
  started_at: time,
  finished_at: time,
  duration_sec: z.number(),
  steps: z.int(),
  steps_failed: z.int(),
  executions: z.int().describe('of steps, those that actually ran'),
  retries: z.int().describe('executions of steps that came after a failed one'),
  warnings: z.int(),
  tokens: z.number().optional().describe('as reported by agents'),
  cost_usd: z.number().optional().describe('as reported by agents'),
  record: z.string().describe('folder of the record, relative to the state folder'),
});

export type RunMetrics = z.infer<typeof runMetricsSchema>;

/** The line of a run that has ended; undefined for one that has not. */
export function metricsOf(manifest: Manifest, record: string): RunMetrics | undefined {
  const { status, started_at, created_at, finished_at, steps } = manifest;
  const ended = runMetricsSchema.shape.status.safeParse(status);
  const started = started_at ?? created_at;
  if (!ended.success || finished_at === null || started === null) return undefined;
  const { pipeline } = manifest.metadata as { pipeline?: { id?: unknown } | null };
  return {
    v: METRICS_VERSION,
    run_id: manifest.run_id,
    temporal_run_id: manifest.temporal_run_id,
    plan_id: manifest.plan_id,
    ...(typeof pipeline?.id === 'string' && { pipeline_id: pipeline.id }),
    ...(manifest.project !== null && { project: manifest.project }),
    ...(manifest.parent_run_id !== null && { parent_run_id: manifest.parent_run_id }),
    ...(manifest.rerun_of !== null && { rerun_of: manifest.rerun_of }),
    status: ended.data,
    ...(manifest.reason !== null && { reason: manifest.reason }),
    started_at: started,
    finished_at,
    duration_sec: Math.max(0, Date.parse(finished_at) - Date.parse(started)) / 1000,
    steps: steps.length,
    steps_failed: steps.filter((step) => step.status === 'failed' && !step.recovered).length,
    executions: sum(steps, ({ executions }) => executions),
    retries: sum(steps, retriesOf),
    warnings: manifest.warnings ?? 0,
    ...told(steps, 'tokens'),
    ...told(steps, 'cost_usd'),
    record,
  };
}

/** Each instance of a `foreach` has tries of its own. */
function retriesOf({ attempts, executions, instances, kind }: ManifestStep): number {
  if (instances !== null) return sum(instances, (instance) => Math.max(0, instance.attempts.length - 1));
  // A sub-plan is tried in runs of its own, which leave no attempts here.
  return Math.max(0, (kind === 'plan' ? executions : attempts.length) - 1);
}

/** What agents say that they have used, added up; nothing where none says anything. */
function told<K extends 'tokens' | 'cost_usd'>(steps: readonly ManifestStep[], key: K): { [P in K]?: number } {
  const agents = steps.flatMap(({ agent, reason }) => (reason === 'reused' || !agent ? [] : [agent]));
  const values = agents.flatMap((agent) => agent[key] ?? []);
  return values.length === 0 ? {} : ({ [key]: sum(values, (value) => value) } as { [P in K]?: number });
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
