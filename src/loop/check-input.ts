import { z } from 'zod';

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

const loopInput = z.looseObject({
  loop_version: z.int(),
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

/** What is wrong with the start input of a loop, a line each: anybody may start one. None where it is good. */
export function loopInputProblems(given: unknown): string[] {
  const parsed = loopInput.safeParse(given);
  if (parsed.success) return [];
  return parsed.error.issues.slice(0, 20).map(({ path, message }) => `${path.join('.') || 'input'}: ${message}`);
}
