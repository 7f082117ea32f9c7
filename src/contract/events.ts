import { z } from 'zod';
import { NOTIFY_EVENTS } from '../plan/model/notify.js';
import { EVENTS_VERSION } from './events-version.js';
import { executionFacts, optional, resultFacts, time } from './step-result.js';

const text = z.string();
const { log_dir, ...execution } = executionFacts;

/** One execution of a step, as its worker tells of it. */
const attemptFactsSchema = z.object({
  attempt: z.int().describe('number of the attempt, as in the names of its folder'),
  started_at: text.optional().describe('RFC 3339, UTC, by the clock of the worker'),
  finished_at: text.optional().describe('RFC 3339, UTC, by the clock of the worker'),
  reason: text.optional().describe('why it failed'),
  message: text.optional(),
  ...optional(execution),
  log_dir: log_dir.optional().describe('folder of its logs, relative to the folder of the run'),
});

const aboutStep = {
  step: z.string().describe('id of the step'),
  instance: z.int().optional().describe('number of the element, for an instance of a `foreach`'),
};

const item = text.optional().describe('the element in words, for an instance that starts or is taken over');

/** What the end of a step tells, whatever the end. */
const stepEnd = {
  ...aboutStep,
  reason: text.optional().describe('code; docs/errors.md describes each'),
  message: text.optional(),
  by: text.optional().describe('who asked for it'),
  attempts: z.int().optional().describe('executions that really ran'),
  attempt: attemptFactsSchema.optional().describe('the execution that ended so; failed ones have events of their own'),
  ...optional(resultFacts),
  outputs: resultFacts.outputs.optional(),
};

function event<T extends string, F extends z.core.$ZodLooseShape>(type: T, fields: F) {
  return z.object({
    v: z.literal(EVENTS_VERSION),
    seq: z.int().describe('1 for the first event of a run; without gaps'),
    time: time.describe('RFC 3339, UTC, by the clock of the workflow'),
    type: z.literal(type),
    ...fields,
  });
}

/** What is told of a notification. */
const notified = {
  event: z.enum(NOTIFY_EVENTS).describe('what was to be told'),
  to: text.describe('a command, or a webhook without the path of its URL'),
  id: text.describe('its idempotency key'),
  attempts: z.int(),
  step: text.optional().describe('the step that waited'),
};

/** One line of `events.ndjson`. */
export const runEventSchema = z.discriminatedUnion('type', [
  event('run-created', {
    run_id: text,
    plan_id: text,
    plan_digest: text,
    steps: z.int().describe('how many steps the plan has'),
    created_at: time.describe('when the service accepted the start'),
    parent_run_id: text.optional(),
    rerun_of: text.optional(),
    started_by: text.optional(),
  }),
  event('run-started', {}),
  event('run-paused', {}),
  event('run-quarantined', { held: z.array(text).describe('failed steps that wait for a decision') }),
  event('run-resumed', {}),
  event('run-cancel-requested', { force: z.literal(true).optional(), by: text.optional() }),
  event('operator-request', {
    verb: text.describe('skip, cancelStep, retry, approve, reject, answer, pause, resume or cancel'),
    via: z.enum(['update', 'signal']),
    accepted: z.boolean(),
    message: text.optional().describe('why it was refused'),
    step: text.optional().describe('as given'),
    by: text.optional().describe('as given'),
    comment: text.optional(),
  }),
  event('lock-waited', {
    step: text.optional().describe('absent where the run itself waits'),
    lock: text,
    holder: text.describe('run id of the holder'),
  }),
  event('locks-held', { step: text.optional().describe('absent for the locks of the run') }),
  event('step-started', { ...aboutStep, item, waits_for: z.enum(['approval', 'time']).optional() }),
  event('step-attempt-failed', { ...aboutStep, ...attemptFactsSchema.shape }),
  event('step-retry', { ...aboutStep, attempt: z.int().describe('number of the next attempt') }),
  event('step-succeeded', { ...stepEnd, item, status: z.enum(['success', 'warning']) }),
  event('step-failed', stepEnd),
  event('step-timed-out', stepEnd),
  event('step-skipped', stepEnd),
  event('step-canceled', stepEnd),
  event('step-sub-run-started', { ...aboutStep, child_run_id: text.describe('run id of the sub-plan') }),
  event('step-parked', {
    ...aboutStep,
    why: z.enum(['quota', 'question', 'escalated', 'budget']),
    message: text,
    until: time.optional(),
  }),
  event('step-continued', aboutStep),
  event('step-warned', {
    ...aboutStep,
    message: text.describe('what people should know, although the step continues'),
  }),
  event('step-recovered', {
    ...aboutStep,
    fallback: text.optional().describe('the step that made up for the failure'),
  }),
  event('step-reopened', aboutStep),
  event('notification-sent', notified),
  event('notification-failed', {
    ...notified,
    reason: text.describe('code; docs/errors.md describes each'),
    message: text,
  }),
  event('run-finished', {
    status: z.enum(['succeeded', 'failed', 'canceled', 'terminated', 'timed_out']),
    reason: text
      .optional()
      .describe('steps_failed, run_timeout, history_full, run_canceled, terminated or service_timeout'),
    message: text.optional(),
    warnings: z.int().optional(),
    finished_at: time
      .optional()
      .describe('when it ended, if that was before this event: notifications were sent in between'),
  }),
]);

export type RunEvent = z.infer<typeof runEventSchema>;
export type AttemptFacts = z.infer<typeof attemptFactsSchema>;

/** An event that has no number and time yet. */
export type RunEventBody = RunEvent extends infer E
  ? E extends RunEvent
    ? Omit<E, 'v' | 'seq' | 'time'>
    : never
  : never;

/** The published JSON Schema of {@link runEventSchema}. */
export function eventsJsonSchema(): Record<string, unknown> {
  return { title: 'One line of the events.ndjson of a run', ...z.toJSONSchema(runEventSchema, { io: 'input' }) };
}
