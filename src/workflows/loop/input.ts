import { ApplicationFailure } from '@temporalio/workflow';
import { z } from 'zod';
import { LOOP_VERSION, type LoopInput } from '../../contract/loop-messages.js';
import { whyNotRun } from '../program/versions.js';

const text = z.string();
const count = z.int().min(0);
const prompt = z.looseObject({ key: text, file: text });
const role = z.enum(['supervisor', 'main']);
const seconds = z.union([z.number().gt(0), z.literal('none')]);
const byName = z.record(text, text);
const fileRule = z.looseObject({
  globs: z.array(text),
  extensions: z.array(text),
  max_file_bytes: count,
  max_total_bytes: count,
});

const config = z.looseObject({
  prompts_dir: text,
  prompts: z.looseObject({ supervisor: prompt, main: prompt }),
  reviewer: prompt,
  allowlist: z.array(prompt),
  router: z.looseObject({
    mode: z.enum(['off', 'router_default', 'router_first', 'router_only']),
    prompt: prompt.optional(),
    applies_to: z.enum(['first', 'all']),
  }),
  review_every_n: count,
  agents: z.looseObject({
    default: text,
    cli_prompts: byName,
    cli_roles: byName,
    prompts: byName,
    roles: byName,
    settings: z.record(text, z.looseObject({})),
  }),
  mode: z.enum(['combined', 'role']),
  max_iterations: z.int().min(1),
  pause_between_turns: z.boolean(),
  timeout_sec: seconds,
  stall_timeout_sec: seconds,
  state_file: text.optional(),
  git: z
    .looseObject({
      remote: text,
      branch: text.optional(),
      dirty: z.enum(['refuse', 'warn']),
      rules: z.looseObject({
        docs: z.looseObject({ globs: z.array(text), max_file_bytes: count }),
        reports: fileRule.extend({ skip: z.array(text) }),
        outputs: fileRule,
      }),
    })
    .optional(),
});

const input = z.looseObject({
  loop_version: z.literal(LOOP_VERSION, { error: `this worker runs version ${LOOP_VERSION} of loops` }),
  config,
  base_dir: z.string().startsWith('/').optional(),
  queue: text,
  env: byName,
  carried: z.looseObject({
    state: z.looseObject({
      iteration: z.int().min(1),
      role,
      phase: z.enum(['turn', 'publish']),
      reviewed: z.boolean(),
      tries: z.looseObject({ turn: count, router: count }),
      turns: count,
    }),
    last_iteration: count,
    used: z.looseObject({ tokens: z.number(), cost_usd: z.number(), wall_sec: z.number() }),
    turns: z.array(z.looseObject({ seq: count })),
    next_seq: z.int().min(1),
    began_at: z.number(),
  }),
});

const LOOPS = { what: 'loop', name: 'loop version', oldest: LOOP_VERSION, newest: LOOP_VERSION };

/**
 * Checks what a loop was started with: anybody may start one.
 *
 * @throws ApplicationFailure of type `InvalidLoop`, not retryable. Error for a version that another orch runs: it fails
 * the task, not the loop, and Temporal tries again until a worker comes that can.
 */
export function readLoopInput(given: unknown): LoopInput {
  const version = (given as Partial<LoopInput> | null | undefined)?.loop_version;
  const other = Number.isInteger(version) ? whyNotRun(version!, LOOPS) : undefined;
  if (other !== undefined) throw new Error(other);
  const parsed = input.safeParse(given);
  // The value itself: what the schema does not look at (settings of agents, records) is passed on as it is.
  if (parsed.success) return given as LoopInput;
  const lines = parsed.error.issues.slice(0, 20).map(({ path, message }) => `${path.join('.') || 'input'}: ${message}`);
  const message = `The loop cannot be started with this:\n${lines.join('\n')}`;
  const error = ApplicationFailure.create({ type: 'InvalidLoop', nonRetryable: true, message });
  error.stack = ''; // where in this code is of no use
  throw error;
}
