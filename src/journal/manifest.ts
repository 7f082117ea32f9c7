import { z } from 'zod';
import { RUN_STATES } from '../contract/statuses.js';
import { failedNotificationsSchema } from '../contract/failed-notifications-schema.js';
import { executionFacts, nullable, resultFacts, stepStatus, time as someTime } from '../contract/step-result.js';

/** Version of the form of the manifest. Fields are added, never changed or taken away. */
export const MANIFEST_VERSION = 1;

/** Failed notifications that a manifest has. */
export const FAILED_NOTIFICATIONS = 5;

const time = someTime.nullable();
const text = z.string().nullable();

const { log_dir: _, ...ofAttempt } = executionFacts; // it names the logs themselves
const { outputs, agent, ...ofStep } = resultFacts;

/** Facts of an attempt, and of a step, that are null where they are not known. */
export const ATTEMPT_FACTS = ofAttempt;
export const STEP_FACTS = ofStep;

const attemptSchema = z.object({
  attempt: z.int().describe('number of the attempt, as in the names of its folder'),
  status: z.enum(['success', 'warning', 'failed', 'canceled']),
  reason: text.describe('why it failed'),
  message: text,
  started_at: time,
  finished_at: time,
  ...nullable(ATTEMPT_FACTS),
  host: text.describe('where it ran, and where its logs are'),
  stdout: text.describe('log, relative to the folder of the run; of an HTTP call the body of the answer'),
  stderr: text.describe('log, relative to the folder of the run'),
});

const progress = {
  status: stepStatus,
  reason: text.describe('code of why it ended as it did; null for a plain success'),
  message: text,
  started_at: time,
  finished_at: time,
  attempts: z.array(attemptSchema).describe('the executions that have ended, the last 50 failed ones at most'),
};

const stepSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string().describe('command, shell, powershell, http, approval, wait, noop …'),
  depends_on: z.array(z.string()),
  fallback_of: text.describe('the step for which it is the fallback'),
  finally: z.boolean(),
  ...progress,
  by: text.describe('who skipped, canceled, approved or rejected it'),
  executions: z.int().describe('executions that actually ran'),
  exit_code: z.int().nullable().describe('of the last attempt'),
  recovered: z.boolean().describe('true where its fallback made up for the failure'),
  outputs,
  ...nullable(STEP_FACTS),
  stdout_tail: text.describe('last bytes of the last attempt; null for a success, whose logs have them'),
  child_run_id: text.describe('run id of the sub-plan'),
  agent: agent.optional().describe("of an agent's step that has ended"),
  instances: z
    .array(z.object({ index: z.int(), item: z.string().optional().describe('the element in words'), ...progress }))
    .nullable()
    .describe('of a `foreach`, in order of their start; null for other steps'),
});

/** `manifest.json`: what a run was and how it ended, step by step. */
export const manifestSchema = z.object({
  version: z.literal(MANIFEST_VERSION),
  run_id: z.string(),
  plan_id: z.string(),
  status: z.enum(['pending', ...RUN_STATES]),
  reason: text.describe(
    'why it did not succeed: steps_failed, run_timeout, history_full, run_canceled, terminated, service_timeout',
  ),
  message: text,
  last_seq: z.int().describe('number of the last event included'),
  created_at: time,
  started_at: time,
  finished_at: time,
  warnings: z.int().nullable().describe('failures that did not fail the run, plus steps that ended as warning'),
  parent_run_id: text,
  rerun_of: text,
  started_by: text,
  temporal_run_id: z.string().describe('the id that the Temporal service gave the execution'),
  host: text.describe('where the first attempt ran'),
  plan_digest: z.string().describe('SHA-256 of the plan, hex'),
  description: text,
  project: text,
  tags: z.array(z.string()),
  metadata: z.record(z.string(), z.unknown()),
  inputs: z.record(z.string(), z.unknown()),
  failed_notifications: failedNotificationsSchema.optional(),
  versions: z.object({ manifest: z.int(), events: z.int(), engine: z.int() }),
  steps: z.array(stepSchema).describe('in plan order, those of `finally` last'),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestStep = Manifest['steps'][number];
export type ManifestAttempt = ManifestStep['attempts'][number];
export type ManifestInstance = NonNullable<ManifestStep['instances']>[number];

/** True for a manifest that nothing will change any more. */
export function isFinished({ status }: Pick<Manifest, 'status'>): boolean {
  return status !== 'pending' && status !== 'running' && status !== 'paused' && status !== 'quarantined';
}

/** The published JSON Schema of {@link manifestSchema}. */
export function manifestJsonSchema(): Record<string, unknown> {
  return { title: 'The manifest.json of a run', ...z.toJSONSchema(manifestSchema, { io: 'input' }) };
}
