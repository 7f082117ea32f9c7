import { z } from 'zod';
import { AGENT_ADAPTERS, AGENT_PERMISSIONS } from '../model/agent.js';
import { environment, free, limit, names, optional, text, texts, timeout } from './parts.js';

/** Limits of what agents may cost, of one step or of a whole run. */
export const budget = z.strictObject({
  tokens: optional(z.int().min(1), 'Maximum tokens, read and written together'),
  cost_usd: optional(z.number().gt(0), 'Maximum US dollars, as far as the agents report their cost'),
  wall_sec: optional(limit, 'Maximum seconds of agents at work, concurrent ones counted each'),
  soft: optional(z.number().gt(0).max(1), 'Share of a limit above which there are warnings (default 0.8)'),
});

/** How one agent is called. */
const agentSettings = z.strictObject({
  adapter: optional(
    z.enum(AGENT_ADAPTERS),
    'Whose flags and events it has (default: the name of the agent, where it is one)',
  ),
  command: optional(text, 'Program to call (default: the one of the adapter)'),
  args: optional(texts, "Further arguments, after the adapter's own"),
  env: optional(environment, "Environment, overriding the step's"),
  model: optional(text, 'Model, if a step names neither model nor tier'),
  tiers: optional(z.record(z.string(), text), 'Models by tier'),
  permissions: optional(
    z.enum(AGENT_PERMISSIONS),
    'What it may do: read; edit files (default); full: whatever you may do yourself',
  ),
  push: optional(z.enum(['allow', 'deny']), 'deny: its git pushes to nowhere (default allow)'),
  leftovers: optional(
    z.enum(['end', 'keep']),
    'Whether processes that it leaves behind are ended after a grace (default end)',
  ),
  account: optional(text, 'Agents of one account wait for its quota together (default: the name of the adapter)'),
  park: optional(z.boolean(), 'false: a rate limit is a failed attempt, and is not waited for (default true)'),
  prompt_via: optional(z.enum(['stdin', 'file', 'arg']), 'How a generic agent gets its prompt (default stdin)'),
  events: optional(z.enum(['none', 'json']), 'Whether a generic agent prints JSON lines (default none)'),
  resume_args: optional(texts, 'Arguments with which a generic agent continues the session {session}'),
});

/** Settings of agents by name. */
export const agents = z.record(z.string(), agentSettings);

const context = z.union(
  [
    z.boolean(),
    z.strictObject({
      steps: optional(names, 'Ids of the steps, which must run before it (default: those that it depends on)'),
      max_bytes: optional(z.int().min(256).max(262_144), 'Maximum bytes of it in the prompt (default 32 KiB)'),
    }),
  ],
  { error: 'true, false, or {steps, max_bytes}' },
);

const session = z.union(
  [z.enum(['auto', 'fresh']), z.strictObject({ from: text.describe('Id of an agent step that comes before') })],
  { error: 'auto, fresh, or {from: STEP}' },
);

const gate = z.strictObject({
  run: text.describe('Line for the shell; never templated'),
  expect: optional(text, 'What it must do: `exit N`, or `contains "TEXT"` (default exit 0)'),
  timeout_sec: optional(limit, 'Limit in seconds (default 600)'),
});

const reviewSettings = z.strictObject({
  agent: optional(text, 'Agent that reviews (default: the same, in a session of its own)'),
  tier: optional(text, 'Its tier'),
  model: optional(text, 'Its model'),
  prompt: optional(text, 'What to look at, besides the task; templated'),
  criteria_file: optional(text, "File with criteria, relative to the step's folder"),
  max_diff_lines: optional(z.int().min(1).max(20_000), 'Maximum lines of the change that it is shown (default 600)'),
});

const worktree = z.union(
  [
    z.boolean(),
    z.strictObject({
      branch: optional(text, 'Its branch (default orch/RUN/STEP); templated'),
      base: optional(text, 'Commit to start from (default HEAD); templated'),
      submodules: optional(z.boolean(), 'Whether its submodules are checked out, too (default false)'),
      sign: optional(z.boolean(), "Whether orch's own commit is signed, as git is configured (default false)"),
    }),
  ],
  { error: 'true, false, or {branch, base, submodules, sign}' },
);

/** A step that a coding agent does. */
export const agentDef = z.strictObject({
  type: z.literal('agent'),
  agent: text.describe(
    'Name of an agent of globals.agents or of the configuration file, or codex, claude, gemini, opencode',
  ),
  prompt: optional(text, 'The task; templated'),
  prompt_file: optional(text, 'File with the task, relative to the folder of the plan; never templated'),
  prompt_text: optional(z.string(), 'Content of prompt_file; filled in by whoever starts the run'),
  tier: optional(text, "Name of a tier in the agent's settings, which determines the model"),
  model: optional(text, 'Model, overriding tier'),
  title: optional(text, "Heading of the task (default: the step's name)"),
  hint: optional(text, 'Further words for the prompt; templated'),
  plan_file: optional(text, 'Document that describes the work as a whole; the prompt names it'),
  files: optional(names, "Files that the step is to create or change, relative to the step's folder; templated"),
  context: optional(context, 'Whether the prompt tells how other steps ended and what they said (default false)'),
  stall_timeout_sec: optional(timeout, 'Maximum seconds without any output, or none (default none)'),
  session: optional(
    session,
    "auto: a retry and a fix continue the agent's own session (default); fresh: never; {from}: continue that of another step",
  ),
  output_schema: optional(free, 'JSON Schema of the answer, whose properties become outputs'),
  verify: optional(z.array(gate).min(1), 'Commands that must pass for the step to succeed'),
  review: optional(
    z.union([z.boolean(), reviewSettings], { error: 'true, false, or settings' }),
    'Whether another session reviews the change (default false)',
  ),
  max_fix_rounds: optional(
    z.int().min(0).max(100),
    'How often the agent is told what a gate found, before a person is asked (default 2)',
  ),
  budget: optional(budget, 'Limits of what this step may cost'),
  fallback_agents: optional(names, 'Agents to use while the first one is out of quota, in order'),
  worktree: optional(worktree, 'Whether the step has a worktree and a branch of its own (default false)'),
  sandbox: optional(
    z.enum(['read-only', 'workspace-write']),
    'What the agent may do, if it has a sandbox (default workspace-write)',
  ),
  answer_timeout_sec: optional(timeout, 'Maximum seconds to wait for a person, or none (default none)'),
  timeout_sec: optional(timeout, 'Limit of one turn of the agent in seconds, or none'),
});

/** Anything an agent's schema may hold. */
export type SourceAgentDef = z.infer<typeof agentDef>;
/** Settings of one agent as written. */
export type SourceAgentSettings = z.infer<typeof agentSettings>;
/** A budget as written. */
export type SourceBudget = z.infer<typeof budget>;
