import type { SourcePlan } from './schema.js';
import type { SourceStep, SourceStepDef } from './schema-step.js';
import type { InputSpec, Json, Plan, PlanGlobals, RetryPolicy, Step, StepAction, Timeout } from './types.js';

const DEFAULT_TIMEOUT_SEC = 1800;
const DEFAULT_MAX_CONCURRENCY = 8;
const DEFAULT_MAX_LOST = 3;
const DEFAULT_GRACE_SEC = 10;

/** Turns a plan that passed every check into the form that everything else works with: all defaults filled in. */
export function normalise(source: SourcePlan): Plan {
  return {
    plan_id: source.plan_id,
    version: '1.0',
    ...given({ description: source.description }),
    metadata: (source.metadata ?? {}) as Readonly<Record<string, Json>>,
    inputs: Object.fromEntries(Object.entries(source.inputs ?? {}).map(([name, spec]) => [name, inputSpec(spec)])),
    globals: globals(source.globals ?? {}),
    steps: source.steps.map((step) => normaliseStep(step, source.globals ?? {})),
  };
}

type SourceGlobals = NonNullable<SourcePlan['globals']>;

function inputSpec(source: NonNullable<SourcePlan['inputs']>[string]): InputSpec {
  const fallback = (source.default ?? undefined) as Json | undefined;
  return {
    type: source.type ?? 'string',
    required: source.required === true && fallback === undefined,
    ...given({ default: fallback, enum: source.enum as Json[] | null | undefined, description: source.description }),
  };
}

function globals(source: SourceGlobals): PlanGlobals {
  return {
    max_concurrency: source.max_concurrency ?? DEFAULT_MAX_CONCURRENCY,
    max_lost: source.max_lost ?? DEFAULT_MAX_LOST,
    env: source.env ?? {},
    ...given({ cwd: source.cwd }),
    pass_env: source.pass_env ?? [],
  };
}

function normaliseStep(source: SourceStep, defaults: SourceGlobals): Step {
  const def = source.step_def ?? undefined;
  const action = def === undefined ? plainAction(source) : defAction(def);
  return {
    id: source.id,
    name: source.name ?? source.id,
    ...given({ description: source.description }),
    tags: source.tags ?? [],
    ...given({ group: source.ui_hints?.group }),
    weight: source.ui_hints?.weight ?? 0,
    action,
    ...(def === undefined ? {} : { form: 'step_def' as const }),
    ...given({ cwd: source.cwd }),
    env: source.env ?? {},
    depends_on: source.depends_on ?? [],
    provides: source.provides ?? [],
    consumes: source.consumes ?? [],
    trigger_rule: source.trigger_rule ?? 'all_success',
    on_failure: source.on_failure ?? 'abort',
    critical: source.critical ?? true,
    timeout_sec: timeoutOf(source, action, defaults),
    grace_sec: source.grace_sec ?? DEFAULT_GRACE_SEC,
    retry: retryPolicy(source, defaults),
    success_exit_codes: source.success_exit_codes ?? [0],
    warning_exit_codes: source.warning_exit_codes ?? [],
    ...given({ queue: source.queue }),
  };
}

function plainAction(source: SourceStep): StepAction {
  return {
    type: 'command',
    command: source.command ?? '',
    args: source.args ?? [],
    shell: source.shell ?? false,
    ...given({ stdin: source.stdin }),
  };
}

function defAction(def: SourceStepDef): StepAction {
  switch (def.type) {
    case 'command':
      return {
        type: 'command',
        command: def.command,
        args: def.args ?? [],
        shell: def.shell ?? false,
        ...given({ stdin: def.stdin }),
      };
    case 'shell':
      return { type: 'shell', ...given({ script: def.script, script_file: def.script_file, stdin: def.stdin }) };
    case 'noop':
      return { type: 'noop' };
    case 'powershell':
    case 'agent':
    case 'http':
    case 'approval':
    case 'wait':
    case 'plan':
      throw new Error(`Internal error: a step of type '${def.type}' was let pass`);
    default: {
      const never: never = def;
      throw new Error(`Internal error: unknown step ${JSON.stringify(never)}`);
    }
  }
}

function timeoutOf(source: SourceStep, action: StepAction, defaults: SourceGlobals): Timeout {
  if (action.type === 'noop') return 'none';
  const def = source.step_def ?? undefined;
  const own = def !== undefined && 'timeout_sec' in def ? (def.timeout_sec as Timeout | null | undefined) : undefined;
  return own ?? source.timeout_sec ?? defaults.default_timeout_sec ?? DEFAULT_TIMEOUT_SEC;
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

/** Leaves out what is absent, so that `key in object` means that there is a value. */
function given<T extends Record<string, unknown>>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  // Keys are written in this file, so none of them can be a trap; this runs for every step.
  const present: Record<string, unknown> = {};
  for (const key in values) if (values[key] !== undefined && values[key] !== null) present[key] = values[key];
  return present as { [K in keyof T]?: NonNullable<T[K]> };
}
