import { z } from 'zod';

/** Version of the form of events. Fields and types are added, never changed or taken away. */
export const EVENTS_VERSION = 1;

const time = z.string().describe('RFC 3339, UTC');
const text = z.string();
const outputs = z.record(z.string(), z.unknown()).describe('the outputs that an expression of the plan reads');

/** One execution of a step, as its worker tells of it. */
const attemptFactsSchema = z.object({
  attempt: z.int().describe('number of the attempt, as in the names of its folder'),
  started_at: time.optional().describe('RFC 3339, UTC, by the clock of the worker'),
  finished_at: time.optional().describe('RFC 3339, UTC, by the clock of the worker'),
  reason: text.optional().describe('why it failed'),
  message: text.optional(),
  exit_code: z.int().optional(),
  signal: text.optional().describe('name of the signal that ended the process'),
  host: text.optional().describe('where it ran'),
  log_dir: text.optional().describe('folder of its logs, relative to the folder of the run'),
});

/** What the agents of a step said and cost, all turns together. */
export const agentSummarySchema = z.object({
  name: text.describe('the agent whose answer it is'),
  verdict: text.optional().describe('pass, warn, fail, error, question or escalated'),
  message: text.optional().describe("the agent's last words"),
  session_id: text.optional(),
  session_tokens: z.int().optional().describe('of the whole session, where the agent counts that'),
  session_cost_usd: z.number().optional().describe('of the whole session, where the agent counts that'),
  turns: z.int().describe('executions of the agent, reviews not counted'),
  fix_rounds: z.int(),
  tokens: z.int().describe('read and written, reviews included'),
  cost_usd: z.number().optional().describe('as far as the agents report it'),
  wall_sec: z.number(),
  branch: text.optional().describe('of its own worktree'),
  worktree: text.optional().describe('folder of its own worktree, where that is still there'),
});

const aboutStep = {
  step: z.string().describe('id of the step'),
  instance: z.int().optional().describe('number of the element, for an instance of a `foreach`'),
};

/** What the end of a step tells, whatever the end. */
const stepEnd = {
  ...aboutStep,
  reason: text.optional().describe('code; docs/errors.md describes each'),
  message: text.optional(),
  by: text.optional().describe('who requested it'),
  attempts: z.int().optional().describe('executions that actually ran'),
  attempt: attemptFactsSchema
    .optional()
    .describe('the execution that ended this way; failed ones have events of their own'),
  stdout_tail: text.optional(),
  stderr_tail: text.optional(),
  outputs: outputs.optional(),
  agent: agentSummarySchema.optional(),
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
  event('step-started', { ...aboutStep, waits_for: z.enum(['approval', 'time']).optional() }),
  event('step-attempt-failed', { ...aboutStep, ...attemptFactsSchema.shape }),
  event('step-retry', { ...aboutStep, attempt: z.int().describe('number of the next attempt') }),
  event('step-succeeded', { ...stepEnd, status: z.enum(['success', 'warning']) }),
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
  event('run-finished', {
    status: z.enum(['succeeded', 'failed', 'canceled', 'terminated', 'timed_out']),
    reason: text.optional().describe('steps_failed, run_timeout, run_canceled, terminated or service_timeout'),
    message: text.optional(),
    warnings: z.int().optional(),
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
