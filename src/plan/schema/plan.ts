import { z } from 'zod';
import { OWN_VARIABLES } from '../model/plan.js';
import { OVERLAPS } from '../schedule/timing.js';
import { agents, budget } from './agent.js';
import { notify } from './notify.js';
import { stepSchema } from './step.js';
import {
  environment,
  free,
  id,
  inputs,
  labels,
  limit,
  lockNames,
  names,
  optional,
  retries,
  scalarText,
  seconds,
  secrets,
  text,
  timeout,
  wholeSeconds,
} from './parts.js';

const breaker = z.strictObject({
  failures: optional(z.int().min(1), 'Failures in a row that open it (default 5)'),
  cooldown_sec: optional(seconds, 'Seconds until one step is let through to probe (default 60)'),
});

const globals = z.strictObject({
  max_concurrency: optional(z.int().min(1).max(1000), 'Maximum number of steps at a time (default 8)'),
  default_timeout_sec: optional(timeout, 'Limit of one attempt in seconds, or none (default 1800)'),
  max_step_duration_sec: optional(
    timeout,
    'Limit of all attempts of a step together, in seconds, or none (default none)',
  ),
  default_retries: optional(retries, 'Retries of steps that do not set them (default 0)'),
  default_retry_delay_sec: optional(seconds, 'Seconds before a retry (default 0)'),
  env: optional(environment, 'Environment of every step'),
  env_aliases: optional(
    z.record(z.string(), z.enum(OWN_VARIABLES)),
    "Aliases of orch's own variables: each name with the variable whose value it gets",
  ),
  cwd: optional(text, 'Folder that steps run in, relative to where the run was started'),
  run_timeout_sec: optional(timeout, 'Limit of the run without its finally steps, in seconds, or none (default none)'),
  finally_timeout_sec: optional(limit, 'Limit of all finally steps together, in seconds (default 600)'),
  max_lost: optional(
    z.int().min(0).max(1000),
    'How often a step may be lost (its process killed or its host gone) and started again (default 3)',
  ),
  on_abort: optional(
    z.enum(['fail', 'quarantine']),
    'What an abort does: fail ends the run (default), quarantine holds it for a person to decide',
  ),
  breaker: optional(breaker, 'Stops starting steps of a tool that keeps failing (default: off)'),
  locks: optional(
    lockNames,
    'Names held across runs, from before the first step until after finally; steps need not name them again',
  ),
  pass_env: optional(names, 'Environment variables that are passed to a run from where it is started'),
  agents: optional(agents, 'Settings of coding agents, by name; they override those of the configuration file'),
  budget: optional(budget, 'Limits of what the agents of a run may cost together'),
  secrets: optional(secrets, 'Secrets of every step'),
  notify: optional(notify, 'Who is told that a run waits for a person, is quarantined, or has ended'),
});

const schedule = z.strictObject({
  name: optional(id, 'What `orch schedule` calls it (default: the plan_id)'),
  cron: optional(text, 'When: minute, hour, day of the month, month, day of the week; or @daily'),
  every_sec: optional(wholeSeconds(60), 'Instead of cron: seconds from one time to the next'),
  timezone: optional(text, 'Time zone of cron, such as Europe/Berlin (default UTC)'),
  overlap: optional(z.enum(OVERLAPS), 'What happens when it is due while its last run is still open (default skip)'),
  catch_up_sec: optional(
    wholeSeconds(10),
    'How late a run may start that was due while the service was down, in seconds (default 86400)',
  ),
  pinned: optional(z.boolean(), 'true: runs the plan as it was when the schedule was applied (default false)'),
  inputs: optional(free, 'Values of inputs, by name'),
});

/** A whole plan as it is written: every key of the language, also those that this version refuses later. */
export const planSchema = z.strictObject({
  plan_id: id.describe('What runs are named after'),
  version: optional(scalarText, "The plan's own version, as its author counts; nothing is done with it"),
  language: optional(z.literal('1.0'), 'Version of the plan language (default "1.0")'),
  description: optional(z.string(), 'What the plan is for'),
  metadata: optional(free, 'Free-form; `project` and `tags` are shown'),
  inputs: optional(inputs, 'Inputs of a run, by name'),
  schedule: optional(schedule, 'When `orch schedule apply` has the plan started'),
  globals: optional(globals, 'Settings for every step'),
  outputs: optional(free, 'Outputs of the run, by name; a plan that runs this one as a step can read it'),
  steps: z.array(stepSchema).min(1).describe('The steps; their order here affects only the display'),
  guardrails: optional(
    labels,
    'Ids of steps that guard what the plan does; if none of them succeeded, the run ends with a recommendation',
  ),
  finally: optional(
    z.array(stepSchema),
    'Steps that run once all of `steps` have ended, however they ended; they may depend only on each other',
  ),
});

/** A plan as written, once the schema has passed. */
export type SourcePlan = z.infer<typeof planSchema>;
