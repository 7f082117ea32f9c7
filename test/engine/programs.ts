import type { Program, StepReport } from '../../src/engine/index.js';
import type { AgentAction } from '../../src/plan/model/agent.js';
import type { Plan, PlanGlobals, Step } from '../../src/plan/model/plan.js';

/** The parts of a step that the engine looks at. */
export type StepSketch = Partial<
  Pick<Step, 'depends_on' | 'trigger_rule' | 'on_failure' | 'critical' | 'action' | 'fallback_step' | 'finally'>
>;

/** A step that may wait without a slot, and for a person. */
export const AGENT: AgentAction = {
  type: 'agent',
  agent: 'codex',
  prompt: 'do it',
  files: [],
  stall_timeout_sec: 'none',
  session: 'auto',
  verify: [],
  max_fix_rounds: 2,
  fallback_agents: [],
  sandbox: 'workspace-write',
  answer_timeout_sec: 'none',
};

/** A program of the given steps, without going through a plan file. */
export function programOf(
  sketches: Record<string, StepSketch>,
  maxConcurrency = 8,
  globals: Partial<PlanGlobals> = {},
): Program {
  const ids = Object.keys(sketches);
  const index = new Map(ids.map((id, i) => [id, i]));
  const owners = ids.map((id) =>
    indexOrNone(
      index,
      ids.find((owner) => sketches[owner]!.fallback_step === id),
    ),
  );
  const steps = ids.map((id, i): Step => {
    const owner = owners[i] === undefined ? {} : { fallback_of: ids[owners[i]]! };
    return { ...STEP, id, name: id, ...sketches[id], ...owner };
  });
  const fallbacks = steps.map((step) => indexOrNone(index, step.fallback_step));
  const dependencies = steps.map((step) => step.depends_on.map((id) => index.get(id)!));
  const dependents = ids.map((_, i) => ids.map((__, j) => j).filter((j) => dependencies[j]!.includes(i)));
  const plan: Plan = {
    plan_id: 'test',
    version: '1.0',
    metadata: {},
    outputs: {},
    inputs: {},
    globals: { ...GLOBALS, max_concurrency: maxConcurrency, ...globals },
    steps,
  };
  return {
    plan,
    graph: {
      ids,
      index,
      dependencies,
      dependents,
      fallbacks,
      owners,
      mainCount: steps.filter((step) => !step.finally).length,
    },
  };
}

export function report(status: StepReport['status']): StepReport {
  return { status, attempts: 1, ...(status === 'failed' ? { reason: 'exit_non_zero' as const, exit_code: 1 } : {}) };
}

function indexOrNone(index: ReadonlyMap<string, number>, id: string | undefined): number | undefined {
  return id === undefined ? undefined : index.get(id);
}

const GLOBALS: PlanGlobals = {
  max_concurrency: 8,
  max_lost: 3,
  locks: [],
  run_timeout_sec: 'none',
  finally_timeout_sec: 600,
  max_step_duration_sec: 'none',
  on_abort: 'fail',
  env: {},
  agents: {},
  env_aliases: {},
  pass_env: [],
};

const STEP: Omit<Step, 'id' | 'name'> = {
  skip_if: [],
  finally: false,
  tags: [],
  weight: 0,
  action: { type: 'command', command: 'true', args: [], shell: false },
  env: {},
  depends_on: [],
  provides: [],
  consumes: [],
  trigger_rule: 'all_success',
  on_failure: 'abort',
  critical: true,
  timeout_sec: 60,
  grace_sec: 10,
  retry: { retries: 0, delay_sec: 0, backoff: 'constant', no_retry_exit_codes: [] },
  success_exit_codes: [0],
  warning_exit_codes: [],
  locks: [],
  secrets: {},
  run_once: false,
  max_output_bytes: 1024 ** 3,
};
