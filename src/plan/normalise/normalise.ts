import type { Json, Timeout } from '../model/values.js';
import { foreachExpression } from '../templates/expression-sites.js';
import { given } from './omit-absent.js';
import { inputSpecs, normaliseAction } from './action.js';
import { agentsOf, budgetOf } from './agent.js';
import { notifyOf } from './notify.js';
import { secretSources } from './secrets.js';
import type { SourcePlan } from '../schema/plan.js';
import type { SourceStep } from '../schema/step.js';
import type { BreakerPolicy, Plan, PlanGlobals, RetryPolicy, Step, StepAction } from '../model/plan.js';

const DEFAULT_TIMEOUT_SEC = 1800;
const DEFAULT_FINALLY_TIMEOUT_SEC = 600;
const DEFAULT_MAX_CONCURRENCY = 8;
const DEFAULT_MAX_LOST = 3;
const DEFAULT_GRACE_SEC = 10;
const DEFAULT_MAX_OUTPUT_BYTES = 1024 ** 3;
const DEFAULT_BREAKER: BreakerPolicy = { failures: 5, cooldown_sec: 60 };

/** Turns a plan that passed every check into the form that everything else works with: all defaults filled in. */
export function normalise(source: SourcePlan): Plan {
  const defaults = source.globals ?? {};
  const finallySteps = source.finally ?? [];
  const owners = ownersOf([...source.steps, ...finallySteps]);
  return {
    plan_id: source.plan_id,
    ...given({ version: source.version, description: source.description }),
    metadata: (source.metadata ?? {}) as Readonly<Record<string, Json>>,
    inputs: inputSpecs(source.inputs ?? {}),
    globals: globals(defaults),
    outputs: (source.outputs ?? {}) as Readonly<Record<string, Json>>,
    ...given({ guardrails: source.guardrails }),
    steps: [
      ...source.steps.map((step) => normaliseStep(step, { defaults, owners, finally: false })),
      ...finallySteps.map((step) => normaliseStep(step, { defaults, owners, finally: true })),
    ],
  };
}

type SourceGlobals = NonNullable<SourcePlan['globals']>;

/** Which step each fallback stands in for. */
function ownersOf(steps: readonly SourceStep[]): Map<string, string> {
  return new Map(
    steps.flatMap(({ id, fallback_step }) => (typeof fallback_step === 'string' ? [[fallback_step, id] as const] : [])),
  );
}

function globals(source: SourceGlobals): PlanGlobals {
  return {
    max_concurrency: source.max_concurrency ?? DEFAULT_MAX_CONCURRENCY,
    max_lost: source.max_lost ?? DEFAULT_MAX_LOST,
    run_timeout_sec: source.run_timeout_sec ?? 'none',
    finally_timeout_sec: source.finally_timeout_sec ?? DEFAULT_FINALLY_TIMEOUT_SEC,
    max_step_duration_sec: source.max_step_duration_sec ?? 'none',
    on_abort: source.on_abort ?? 'fail',
    ...given({ breaker: breaker(source.breaker) }),
    locks: source.locks ?? [],
    env: source.env ?? {},
    env_aliases: source.env_aliases ?? {},
    ...given({ cwd: source.cwd }),
    pass_env: source.pass_env ?? [],
    agents: agentsOf(source.agents ?? {}),
    ...given({ budget: budgetOf(source.budget), notify: notifyOf(source) }),
  };
}

/** Off, unless it is there: `breaker: {}` is one with the defaults. */
function breaker(source: SourceGlobals['breaker']): BreakerPolicy | undefined {
  if (source === undefined || source === null) return undefined;
  return {
    failures: source.failures ?? DEFAULT_BREAKER.failures,
    cooldown_sec: source.cooldown_sec ?? DEFAULT_BREAKER.cooldown_sec,
  };
}

function foreachOf(source: SourceStep['foreach']): Step['foreach'] {
  if (source === undefined || source === null) return undefined;
  return typeof source === 'string' ? foreachExpression(source) : (source as readonly Json[]);
}

interface StepContext {
  defaults: SourceGlobals;
  owners: ReadonlyMap<string, string>;
  finally: boolean;
}

function normaliseStep(source: SourceStep, context: StepContext): Step {
  const { defaults } = context;
  const action = normaliseAction(source);
  const skipIf = source.skip_if ?? [];
  return {
    id: source.id,
    name: source.name ?? source.id,
    ...given({ description: source.description }),
    tags: source.tags ?? [],
    ...given({ group: source.ui_hints?.group }),
    weight: source.ui_hints?.weight ?? 0,
    action,
    ...((source.step_def ?? undefined) === undefined ? {} : { form: 'step_def' as const }),
    ...given({ cwd: source.cwd }),
    env: source.env ?? {},
    depends_on: source.depends_on ?? [],
    provides: source.provides ?? [],
    consumes: source.consumes ?? [],
    trigger_rule: source.trigger_rule ?? 'all_success',
    ...given({ condition: source.condition }),
    skip_if: typeof skipIf === 'string' ? [skipIf] : skipIf,
    ...given({ foreach: foreachOf(source.foreach), max_parallel: source.max_parallel }),
    on_failure: onFailure(source),
    critical: source.critical ?? true,
    ...given({ fallback_step: source.fallback_step, fallback_of: context.owners.get(source.id) }),
    finally: context.finally,
    timeout_sec: timeoutOf(source, action, defaults),
    grace_sec: source.grace_sec ?? DEFAULT_GRACE_SEC,
    retry: retryPolicy(source, defaults),
    ...given({ summary: source.summary === false ? undefined : source.summary }),
    success_exit_codes: source.success_exit_codes ?? [0],
    warning_exit_codes: source.warning_exit_codes ?? [],
    locks: source.locks ?? [],
    secrets: { ...secretSources(defaults.secrets), ...secretSources(source.secrets) },
    run_once: source.run_once ?? false,
    max_output_bytes: source.max_output_bytes ?? DEFAULT_MAX_OUTPUT_BYTES,
    ...given({ queue: source.queue }),
  };
}

/** The older word `fallback_step` says what `fallback_step: ID` says already; where that fails too, the run aborts. */
function onFailure({ on_failure }: SourceStep): Step['on_failure'] {
  return on_failure === 'fallback_step' ? 'abort' : (on_failure ?? 'abort');
}

function timeoutOf(source: SourceStep, action: StepAction, defaults: SourceGlobals): Timeout {
  if (action.type === 'noop' || action.type === 'wait' || action.type === 'plan') return 'none';
  const def = source.step_def ?? undefined;
  const own = def !== undefined && 'timeout_sec' in def ? def.timeout_sec : undefined;
  const written = own ?? source.timeout_sec ?? undefined;
  // The default is a limit for work; an approval waits for a person.
  if (action.type === 'approval') return written ?? 'none';
  return written ?? defaults.default_timeout_sec ?? DEFAULT_TIMEOUT_SEC;
}

function retryPolicy(source: SourceStep, defaults: SourceGlobals): RetryPolicy {
  return {
    // `retries: 0` switches the default off; only an absent one takes it.
    retries: source.retries ?? defaults.default_retries ?? 0,
    delay_sec: source.retry_delay_sec ?? defaults.default_retry_delay_sec ?? 0,
    backoff: source.retry?.backoff ?? 'constant',
    ...given({ max_delay_sec: source.retry?.max_delay_sec, on: source.retry?.on }),
    no_retry_exit_codes: source.retry?.no_retry_exit_codes ?? [],
  };
}
