import { ApplicationFailure } from '@temporalio/workflow';
import { checkPlan } from '../plan/check.js';
import { buildGraph } from '../plan/graph.js';
import { expandRunLocks } from '../plan/templates.js';
import type { Json, Plan } from '../plan/types.js';
import type { Program, Settled, StepReport } from '../engine/index.js';

/** Version of the decisions that the workflow makes; grows when a change would break the replay of open runs. */
export const ENGINE_VERSION = 1;

/** Start input of `runPlan`. */
export interface RunInput {
  engine_version: number;
  /** The plan as written. The workflow checks it again, since anybody may start one. */
  plan: unknown;
  /** SHA-256 of the plan, hex: says which plan this was, wherever the run is looked at. */
  digest: string;
  inputs: Record<string, Json>;
  /** Environment that the run takes along from the one who started it. */
  env: Record<string, string>;
  /** Absolute folder that relative paths count from; absent on a remote service. */
  base_dir?: string;
  /** Ids of steps that were not selected. */
  left_out?: string[];
  /** The run whose results are taken over. */
  rerun_of?: string;
  /** Reports of the steps that are taken over, by id. */
  reused?: Record<string, StepReport>;
}

/**
 * Checks what a run was started with.
 *
 * @throws ApplicationFailure of type `InvalidPlan`, not retryable, that lists every diagnostic.
 */
export function readInput(input: RunInput): Program {
  const shape = shapeError(input);
  if (shape !== undefined) throw invalid(shape, []);
  const checked = checkPlan(input.plan);
  if (!checked.ok) {
    const lines = checked.error.map((d) => `${d.path ?? 'plan'}: ${d.message} [${d.code}]`);
    throw invalid(`The plan is invalid:\n${lines.slice(0, 20).join('\n')}`, checked.error.slice(0, 100));
  }
  const { plan } = checked.value;
  return { plan, graph: buildGraph(plan) };
}

/**
 * Names of the locks that the run holds from its start to its end.
 *
 * @throws ApplicationFailure of type `InvalidPlan` where one cannot be worked out.
 */
export function readRunLocks(plan: Plan, { inputs, env }: RunInput, runId: string): string[] {
  try {
    return expandRunLocks(plan, { inputs, env, values: { prev: {}, run: { id: runId, attempt: 1 } } });
  } catch (error) {
    throw invalid(`globals.locks: ${error instanceof Error ? error.message : String(error)}`, []);
  }
}

/** The steps of a run that have their end before it starts. */
export function settledSteps({ graph }: Program, input: RunInput): Settled {
  const indexOf = (id: string): number[] => {
    const index = graph.index.get(id);
    return index === undefined ? [] : [index];
  };
  return {
    leftOut: new Set((input.left_out ?? []).flatMap(indexOf)),
    // In plan order, not in that of the keys.
    reused: new Map(
      graph.ids.flatMap((id, index) => {
        const report = Object.hasOwn(input.reused ?? {}, id) ? input.reused?.[id] : undefined;
        return report === undefined ? [] : [[index, report] as const];
      }),
    ),
  };
}

function shapeError(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null)
    return 'The run has no input; start it by `orch start` or OrchClient';
  const given = input as Partial<RunInput>;
  if (given.engine_version !== ENGINE_VERSION) {
    return `engine_version is ${JSON.stringify(given.engine_version)}; this worker runs version ${ENGINE_VERSION}`;
  }
  if (!isRecord(given.inputs)) return '`inputs` must be an object';
  if (!isRecord(given.env) || !Object.values(given.env).every((value) => typeof value === 'string')) {
    return '`env` must be an object of strings';
  }
  if (given.left_out !== undefined && !Array.isArray(given.left_out)) return '`left_out` must be a list of step ids';
  if (given.reused !== undefined && !isRecord(given.reused)) return '`reused` must be an object';
  if (given.base_dir !== undefined && typeof given.base_dir !== 'string') return '`base_dir` must be a string';
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string, details: readonly unknown[]): ApplicationFailure {
  const error = ApplicationFailure.create({ type: 'InvalidPlan', nonRetryable: true, message, details: [details] });
  error.stack = ''; // the message says where in the plan; where in this code is of no use
  return error;
}
