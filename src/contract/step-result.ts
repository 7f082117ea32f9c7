import { z } from 'zod';
import type { Json } from '../plan/model/values.js';
import { STEP_STATUSES, type StepReason } from './statuses.js';
import type { EXECUTION_FACTS, RESULT_FACTS } from './step-facts.js';

/**
 * How a step ended: the one place that says it. Reports of workers, views, events, the manifest and `--json` are made of
 * these, each in its own form: absent or null where nothing is known, times as numbers or as text. A fact that is added
 * to {@link executionFacts} or {@link resultFacts} is in all of them.
 *
 * Workflow code takes the types of this file, and the names in step-facts.ts.
 */

const text = z.string();
const json: z.ZodType<Json> = z.unknown() as z.ZodType<Json>;

export const stepStatus = z.enum(STEP_STATUSES);

/** RFC 3339, as all that is written has it. */
export const time = text.describe('RFC 3339, UTC');

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
  cost_usd: z.number().optional().describe('as far as the agents tell'),
  wall_sec: z.number(),
  branch: text.optional().describe('of its own worktree'),
  worktree: text.optional().describe('folder of its own worktree, if it still exists'),
});

/** Of each execution of a step. */
export const executionFacts = {
  exit_code: z.int(),
  signal: text.describe('name of the signal that ended the process'),
  host: text.describe('where it ran'),
  log_dir: text, // each form says from where the folder counts
} satisfies Record<(typeof EXECUTION_FACTS)[number], z.ZodType>;

/** Of the step, whatever its executions were. */
export const resultFacts = {
  stdout_tail: text,
  stderr_tail: text,
  outputs: z.record(text, json).describe('the outputs that some expression of the plan reads'),
  agent: agentSummarySchema,
} satisfies Record<(typeof RESULT_FACTS)[number], z.ZodType>;

/** Facts that may be missing: as reports, views and events have them. */
export function optional<S extends z.ZodRawShape>(shape: S): { [K in keyof S]: z.ZodOptional<S[K]> } {
  return mapped(shape, z.optional) as { [K in keyof S]: z.ZodOptional<S[K]> };
}

/** Facts that are null where they are missing: as the manifest and `--json` have them. */
export function nullable<S extends z.ZodRawShape>(shape: S): { [K in keyof S]: z.ZodNullable<S[K]> } {
  return mapped(shape, z.nullable) as { [K in keyof S]: z.ZodNullable<S[K]> };
}

/** What is known of the facts of a shape, null for the others. */
export function orNull<S extends z.ZodRawShape>(
  shape: S,
  from: { readonly [K in keyof S]?: z.infer<S[K]> | undefined },
): { [K in keyof S]: z.infer<S[K]> | null } {
  const names: (keyof S)[] = Object.keys(shape);
  return Object.fromEntries(names.map((name) => [name, from[name] ?? null])) as {
    [K in keyof S]: z.infer<S[K]> | null;
  };
}

/** What describes a fact describes it as it is in the form, null included. */
function mapped(shape: z.ZodRawShape, map: (each: z.core.$ZodType) => z.ZodType): z.ZodRawShape {
  const made = (each: z.core.$ZodType): z.ZodType => {
    const { description } = z.globalRegistry.get(each) ?? {};
    if (description === undefined) return map(each);
    return map(z.core.clone(each, each._zod.def)).describe(description);
  };
  return Object.fromEntries(Object.entries(shape).map(([name, each]) => [name, made(each)]));
}

type Facts<S extends z.ZodRawShape> = { [K in keyof S]: z.infer<S[K]> };

/** What is known of one execution, all of it. */
export type ExecutionFacts = Facts<typeof executionFacts>;
/** What is known of a step that has ended, all of it. */
export type ResultFacts = Facts<typeof resultFacts>;
export type AgentSummary = z.infer<typeof agentSummarySchema>;

/** An execution of a step that failed. Times are milliseconds since the epoch, by the clock of its worker. */
export interface FailedAttempt extends Partial<ExecutionFacts> {
  attempt: number;
  started_at: number;
  finished_at: number;
  reason: StepReason;
  message: string;
}

/**
 * What an execution reported about itself. The engine keeps it and never looks inside, but for the status.
 * What it says of an execution is that of the last one.
 */
export interface StepReport extends Partial<ExecutionFacts>, Partial<ResultFacts> {
  status: 'success' | 'warning' | 'failed' | 'canceled';
  reason?: StepReason;
  message?: string;
  /** Executions that really ran. */
  attempts: number;
  /** Number of the last attempt, as in the name of its folder. */
  attempt?: number;
  /** Milliseconds since the epoch, of the last attempt. */
  started_at?: number;
  /** When the last attempt ended, milliseconds since the epoch. */
  finished_at?: number;
  /** The executions that really failed, the last ones of many. */
  failed_attempts?: readonly FailedAttempt[];
  /** True where its ends of output stayed behind in an earlier history of the run. */
  cut?: true;
}

/** What a step reported in an earlier run that a rerun takes over. */
export interface ReusedReport extends StepReport {
  /** True for a failure that the step's fallback made up for. */
  recovered?: true;
}
