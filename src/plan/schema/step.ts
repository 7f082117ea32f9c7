import { z } from 'zod';
import { agentDef } from './agent.js';
import { writtenAs } from './written-forms.js';
import {
  anything,
  environment,
  exitCodes,
  free,
  id,
  inputs,
  labels,
  lockNames,
  names,
  optional,
  retries,
  scalarText,
  seconds,
  secrets,
  text,
  texts,
  timeout,
} from './parts.js';

/** Reasons of a failed execution that `retry.on` may name. */
const RETRY_REASONS = [
  'exit_non_zero',
  'signaled',
  'timeout',
  'stalled',
  'output_cap',
  'spawn_failed',
  'secret_unavailable',
  'http_status',
  'http_network',
  'http_request',
  'http_body_too_large',
  'output_invalid',
  'lost',
  'wrong_host',
  'expression_error',
  'rejected',
  'budget_exceeded',
  'escalated',
  'verdict',
  'agent_failed',
  'quota',
] as const;

/** The plain form of a step, and the fields of `step_def: {type: command}`. */
const commandKeys = {
  args: optional(texts, 'Arguments, one string each'),
  shell: optional(z.boolean(), 'true: the shell runs `command`, which is then never templated (default false)'),
  stdin: optional(z.string(), 'Text that the step reads from its standard input'),
};
const timeoutKey = { timeout_sec: optional(timeout, 'Limit of one attempt in seconds, or none') };

const commandDef = z.strictObject({
  type: z.literal('command'),
  command: text.describe('Program to run; with `shell: true` a line for the shell'),
  ...commandKeys,
  ...timeoutKey,
});

const shellDef = z.strictObject({
  type: z.literal('shell'),
  script: optional(text, 'Script for sh; never templated, values are environment variables'),
  script_file: optional(text, "File with a script for sh, relative to the step's folder"),
  stdin: commandKeys.stdin,
  ...timeoutKey,
});

const powershellDef = z.strictObject({
  type: z.literal('powershell'),
  script: text.describe("Script, never templated; one that ends in .ps1 is a file, relative to the step's folder"),
  args: optional(
    z.union([texts, free], { error: 'a list, or a map of parameters' }),
    'Arguments of the script: a list, or a map of parameters, where `true` makes a switch',
  ),
  stdin: commandKeys.stdin,
  ...timeoutKey,
});

const status = z.union(
  [
    z.int().min(100).max(599),
    z.string().regex(/^([1-5]xx|[1-5]\d\d(-[1-5]\d\d)?)$/i, { error: 'is a code, a class (2xx) or a range (200-204)' }),
  ],
  { error: 'a code (200), a class ("2xx") or a range ("200-204")' },
);

const httpDef = z.strictObject({
  type: z.literal('http'),
  url: text.describe('Address to call, http or https'),
  method: optional(text, 'Method (default GET)'),
  headers: optional(z.record(z.string(), scalarText), 'Headers, name to value'),
  body: optional(anything, 'Body: text as it is, anything else as JSON'),
  expect_status: optional(
    z.union([status, z.array(status).min(1)], { error: 'a status, or a list of them' }),
    'Status that is a success, or a list of them: codes (200), classes ("2xx"), ranges ("200-204") (default 2xx)',
  ),
  max_body_bytes: optional(z.int().min(1), 'Maximum bytes of a response; a longer one fails the step (default 1 MiB)'),
  ...timeoutKey,
});

const approvalDef = z.strictObject({
  type: z.literal('approval'),
  message: optional(z.string(), 'What is to be decided'),
  approvers: optional(names, 'Who may decide (default: anybody)'),
  inputs: optional(inputs, 'What the approver is asked for, by name; becomes outputs'),
  key: optional(text, 'Approvals with the same key are asked for once in a run; the answer applies to all of them'),
  policy: optional(
    z.enum(['ask', 'never']),
    'ask (default), or never: nobody is asked, and without an answer for its key the step is rejected',
  ),
  default: optional(z.enum(['approve', 'reject']), 'Decision at the timeout (default reject)'),
  timeout_sec: optional(timeout, 'Seconds until the default decides, or none (default none)'),
});

const waitDef = z.strictObject({
  type: z.literal('wait'),
  seconds: optional(seconds, 'How long, in seconds'),
  until: optional(text, 'Until when: RFC 3339, as in 2030-01-31T08:00:00Z'),
});

const planDef = z.strictObject({
  type: z.literal('plan'),
  plan: text.describe("File of the plan to run, relative to the folder of this plan's file; never templated"),
  inputs: optional(
    free,
    'Values of the inputs that the plan declares, by name. Its steps see neither the inputs nor the globals.env of this plan',
  ),
});

const noopDef = z.strictObject({ type: z.literal('noop') });

const stepDef = z.discriminatedUnion('type', [
  commandDef,
  shellDef,
  powershellDef,
  agentDef,
  httpDef,
  approvalDef,
  waitDef,
  planDef,
  noopDef,
]);

/** The types of steps whose `step_def` has a key. */
export function kindsKnowing(key: string): string[] {
  return stepDef.options.filter((kind) => Object.hasOwn(kind.shape, key)).map((kind) => kind.shape.type.value);
}

const retry = z
  .strictObject({
    backoff: optional(z.enum(['constant', 'exponential']), 'How the delay grows (default constant)'),
    max_delay_sec: optional(seconds, 'Maximum delay that backoff may reach, in seconds'),
    on: optional(z.array(z.enum(RETRY_REASONS)), 'Reasons that are retried'),
    no_retry_exit_codes: optional(exitCodes, 'Exit codes that are never retried'),
  })
  .register(writtenAs, { form: 'count' });

const uiHints = z.strictObject({
  group: optional(z.string(), 'Heading under which the step is shown'),
  weight: optional(z.number(), 'Lower ones are shown first (default 0)'),
});

/** A step as it is written. */
export const stepSchema = z
  .strictObject({
    id: id.describe('Unique, also when case is ignored'),
    name: optional(z.string(), 'Shown instead of the id'),
    description: optional(z.string(), 'What the step is for'),
    tags: optional(labels, 'Labels for display'),
    ui_hints: optional(uiHints, 'How the step is shown'),
    command: optional(text, 'Program to run; with `shell: true` a line for the shell'),
    ...commandKeys,
    step_def: optional(stepDef, 'What the step does, where it is more than a command'),
    cwd: optional(text, 'Folder to run in, relative to globals.cwd'),
    env: optional(environment, 'Environment, overriding globals.env'),
    depends_on: optional(labels, 'Ids of the steps that must end first'),
    provides: optional(names, 'Names that other steps may consume'),
    consumes: optional(names, 'Names; each adds a dependency on the step that provides it'),
    trigger_rule: optional(z.enum(['all_success', 'none_failed', 'all_done']), 'How the dependencies must have ended'),
    condition: optional(scalarText, 'Expression (CEL); false skips the step as a branch not taken'),
    skip_if: optional(
      z.union([z.string(), texts], { error: 'an expression, or a list of them' }),
      'Expression (CEL), or a list of them; any true one skips the step as not needed. Evaluated before condition',
    ),
    ...timeoutKey,
    retries: optional(retries, 'Further executions after a failed one (default: globals.default_retries)'),
    retry_delay_sec: optional(seconds, 'Seconds before a retry'),
    retry: optional(retry, 'When and how retries happen'),
    summary: optional(
      z.union([z.boolean(), text], { error: 'true, or a text' }),
      'true: one line reports how the process ended, from its output if it succeeded; a text is reported instead',
    ),
    success_exit_codes: optional(exitCodes, 'Exit codes that are a success (default [0])'),
    warning_exit_codes: optional(exitCodes, 'Exit codes that pass with a warning (default [])'),
    on_failure: optional(
      z.enum(['abort', 'skip_dependents', 'continue', 'skip', 'fallback_step']),
      'What a failure does to the rest of the run; skip: the step counts as skipped, and the run continues; fallback_step: abort, unless the fallback makes up for it',
    ),
    fallback_step: optional(text, 'Id of the step that runs if, and only if, this one fails'),
    critical: optional(z.boolean(), 'true: a failure fails the run (default)'),
    foreach: optional(
      z.union([z.string(), z.array(anything)], { error: 'a list or an expression' }),
      'One instance per element',
    ),
    max_parallel: optional(z.int().min(1), 'Maximum number of instances of foreach at a time'),
    locks: optional(
      lockNames,
      'Names held across runs while the step runs, all its attempts together; taken in the order of their names. Steps of type approval, wait and noop hold none',
    ),
    queue: optional(text, 'Task queue whose workers run the step'),
    run_once: optional(z.boolean(), 'true: never a second execution after a loss (default false)'),
    grace_sec: optional(seconds, 'Seconds between TERM and KILL (default 10)'),
    max_output_bytes: optional(z.int().min(1), 'Maximum bytes of output (default 1 GiB)'),
    secrets: optional(secrets, 'Secrets of this step, overriding globals.secrets'),
  })
  .meta({ id: 'step' });

/** A step as written, once the schema has passed. */
export type SourceStep = z.infer<typeof stepSchema>;
/** A `step_def` as written. */
export type SourceStepDef = z.infer<typeof stepDef>;
