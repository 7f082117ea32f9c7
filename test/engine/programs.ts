import type { Program, StepReport } from '../../src/engine/index.js';
import type { Plan, Step } from '../../src/plan/types.js';

/** The parts of a step that the engine looks at. */
export type StepSketch = Partial<Pick<Step, 'depends_on' | 'trigger_rule' | 'on_failure' | 'critical' | 'action'>>;

/** A program of the given steps, without going through a plan file. */
export function programOf(sketches: Record<string, StepSketch>, maxConcurrency = 8): Program {
  const ids = Object.keys(sketches);
  const index = new Map(ids.map((id, i) => [id, i]));
  const steps = ids.map((id): Step => ({ ...STEP, id, name: id, ...sketches[id] }));
  const dependencies = steps.map((step) => step.depends_on.map((id) => index.get(id)!));
  const dependents = ids.map((_, i) => ids.map((__, j) => j).filter((j) => dependencies[j]!.includes(i)));
  const plan: Plan = {
    plan_id: 'test',
    version: '1.0',
    metadata: {},
    inputs: {},
    globals: { max_concurrency: maxConcurrency, max_lost: 3, env: {}, pass_env: [] },
    steps,
  };
  return { plan, graph: { ids, index, dependencies, dependents } };
}

export function report(status: StepReport['status']): StepReport {
  return { status, attempts: 1, ...(status === 'failed' ? { reason: 'exit_non_zero' as const, exit_code: 1 } : {}) };
}

const STEP: Omit<Step, 'id' | 'name'> = {
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
};
