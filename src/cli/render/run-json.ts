import { z } from 'zod';
import { countTasks } from './task-counts.js';
import type { RunResult, StepView } from '../../contract/run-messages.js';
import {
  executionFacts,
  nullable,
  orNull,
  resultFacts,
  stepStatus,
  time as someTime,
} from '../../contract/step-result.js';
import { failedNotificationsSchema } from '../../contract/failed-notifications-schema.js';
import { defined } from '../../basics/defined.js';

const time = someTime.nullable();

// Logs and the record have what ended a process, where it ran, and what it printed last.
const { exit_code, log_dir, signal: _, host: __, ...ofExecution } = executionFacts;
const { outputs, agent, stdout_tail: ___, stderr_tail: ____, ...ofResult } = resultFacts;

const stepSchema = z.object({
  id: z.string(),
  status: stepStatus,
  reason: z.string().nullable().describe('why it ended as it did; null for a plain success'),
  message: z.string().nullable(),
  attempts: z.int().describe('executions that actually ran'),
  exit_code: exit_code.nullable(),
  started_at: time,
  finished_at: time,
  duration_sec: z.number().nullable(),
  ...nullable(ofExecution),
  log_dir: log_dir.nullable().describe('folder of the last attempt’s logs, on the host that ran it'),
  recovered: z.boolean().describe('true if its fallback made up for the failure'),
  outputs: z.record(z.string(), outputs.valueType),
  ...nullable(ofResult),
  group: z.string().nullable().describe('heading under which it is shown'),
  tags: z.array(z.string()),
  sub_runs: z.array(z.string()).describe('runs of its sub-plan: one for each try and each instance, the last 100'),
  waits_for: z
    .enum(['approval', 'time', 'lock', 'quota', 'budget', 'answer'])
    .optional()
    .describe('what it waits for, if anything'),
  approvers: z
    .array(z.string())
    .optional()
    .describe('who may decide, of an approval that is waited for; absent for anybody'),
  waits_since: z.string().optional().describe('since when, where that is known'),
  items: z
    .object({ total: z.int(), ended: z.int().describe('in whatever way'), failed: z.int() })
    .optional()
    .describe('how far its instances are, of a `foreach` that runs'),
  live: z.string().optional().describe('what it is doing now: its last words'),
  warning: z.string().optional().describe('what people should know about it'),
  cut: z.literal(true).optional().describe('true if outputs or texts were left out: the record has all of it'),
  agent: agent.optional().describe('what its agents said and cost'),
});

/** What `run`, `start --wait`, `watch` and `status` print with `--json`. It only grows. */
export const runJsonSchema = z.object({
  run_id: z.string(),
  plan_id: z.string(),
  status: z.enum(['running', 'paused', 'quarantined', 'succeeded', 'failed', 'canceled', 'terminated', 'timed_out']),
  warnings: z.int().nullable(),
  started_at: time,
  finished_at: time,
  web_ui: z.string().nullable(),
  stale: z.boolean().describe('true when no worker answered, so that the steps are not known').optional(),
  busy: z.boolean().describe('true with `stale` if there is a worker that has not answered in time').optional(),
  stuck: z.string().describe('why its worker fails to decide what comes next, if it does').optional(),
  waits_for: z
    .string()
    .describe('why the run itself starts nothing now, if so: it waits for a lock, or continues in a new history')
    .optional(),
  outputs: z.record(z.string(), z.unknown()).describe('outputs of the plan, once the run has ended').optional(),
  usage: z
    .object({ tokens: z.int(), cost_usd: z.number().nullable(), wall_sec: z.number() })
    .optional()
    .describe('what all agents of the run have cost, where there are any'),
  tasks: z
    .object({
      total: z.int(),
      pass: z.int(),
      warn: z.int(),
      fail: z.int(),
      skipped: z.int(),
      escalated: z.int(),
      question: z.int(),
      open: z.int().describe('not ended yet'),
    })
    .describe('only for execution manifests: how its tasks ended, without the steps that only join others')
    .optional(),
  recommendations: z.array(z.string()).describe('what to do about the guardrails of the plan').optional(),
  failed_notifications: failedNotificationsSchema.optional(),
  steps: z.array(stepSchema),
});

export type RunJson = z.infer<typeof runJsonSchema>;

/** A run's result in the published form. */
export function runJson(result: RunResult, about: { web_ui?: string; format?: string } = {}): RunJson {
  return {
    run_id: result.run_id,
    plan_id: result.plan_id,
    status: result.status,
    warnings: result.warnings,
    started_at: isoTime(result.started_at),
    finished_at: isoTime(result.finished_at),
    web_ui: about.web_ui ?? null,
    ...(result.outputs === undefined ? {} : { outputs: { ...result.outputs } }),
    ...usageOf(result.steps),
    ...tasksJson(about.format, result.steps),
    ...defined({ recommendations: result.recommendations }),
    ...failedNotifications(result.failed_notifications),
    steps: result.steps.map(stepJson),
  };
}

/** Who could not be told of what, in the published form. */
export function failedNotifications(failed: RunResult['failed_notifications']): Pick<RunJson, 'failed_notifications'> {
  return failed === undefined ? {} : { failed_notifications: [...failed] };
}

/** What an agent has used, as views and manifests have it. */
interface AgentUsage {
  tokens: number;
  wall_sec: number;
  cost_usd?: number | undefined;
}

/** What the agents of a run have cost together; nothing where there are none. */
export function usageOf(steps: readonly { agent?: AgentUsage | undefined }[]): Pick<RunJson, 'usage'> {
  const agents = steps.flatMap(({ agent }) => agent ?? []);
  if (agents.length === 0) return {};
  const costs = agents.flatMap(({ cost_usd }) => cost_usd ?? []);
  return {
    usage: {
      tokens: sum(agents.map(({ tokens }) => tokens)),
      cost_usd: costs.length === 0 ? null : rounded(sum(costs)),
      wall_sec: rounded(sum(agents.map(({ wall_sec }) => wall_sec))),
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** The counts of a manifest's tasks; nothing for other plans, or where the steps are not known. */
export function tasksJson(format: string | undefined, steps: readonly StepView[] | undefined): Pick<RunJson, 'tasks'> {
  return format === 'exec-manifest' && steps !== undefined ? { tasks: countTasks(steps) } : {};
}

/** A step in the published form. */
export function stepJson(step: StepView): RunJson['steps'][number] {
  const known = step.started_at !== undefined && step.finished_at !== undefined;
  return {
    id: step.id,
    status: step.status,
    reason: step.reason ?? null,
    message: step.message ?? null,
    attempts: step.attempts,
    exit_code: step.exit_code ?? null,
    started_at: isoTime(step.started_at),
    finished_at: isoTime(step.finished_at),
    duration_sec: known ? (step.finished_at! - step.started_at!) / 1000 : null,
    ...orNull(ofExecution, step),
    log_dir: step.log_dir ?? null,
    recovered: step.recovered === true,
    outputs: { ...step.outputs },
    ...orNull(ofResult, step),
    group: step.group ?? null,
    tags: [...(step.tags ?? [])],
    sub_runs: step.sub_runs ?? [],
    ...(step.approvers === undefined ? {} : { approvers: [...step.approvers] }),
    ...defined({ waits_since: isoTime(step.waits_since) ?? undefined, items: step.items }),
    ...defined({ waits_for: step.waits_for, live: step.live, warning: step.warning, cut: step.cut, agent: step.agent }),
  };
}

/** Milliseconds since the epoch as RFC 3339. */
export function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

/** The published JSON Schema of {@link runJsonSchema}. */
export function runJsonSchemaDocument(): Record<string, unknown> {
  return { title: 'A run, as orch prints it with --json', ...z.toJSONSchema(runJsonSchema) };
}
