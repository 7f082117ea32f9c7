import type { Diagnostic } from '../model/diagnostic.js';
import type { Json } from '../model/values.js';
import { expandAction, fillDeep } from './expand-action.js';
import { planExpressions } from './expression-sites.js';
import type { ExpressionValues } from '../expressions/index.js';
import { inputToEnv } from './inputs.js';
import { toDiagnostic } from '../problems/problems.js';
import { looksSecret, secretHint } from './secret-names.js';
import { secretUses, type SecretUse } from './secret-uses.js';
import { evaluateText, evaluateValue, ExpressionError } from './step-expressions.js';
import { templateSites, type TemplateLayer, type TemplateSite } from './template-sites.js';
import { fillTemplate, loneExpression, mayHoldTemplate, readTemplate, type TemplateName } from './template-text.js';
import type { Plan, PlanGlobals, Step, StepAction } from '../model/plan.js';

/** What a run's templates are filled from, besides the plan itself. */
export interface TemplateContext {
  inputs: Readonly<Record<string, Json>>;
  /** What the run took along from its starter. */
  env: Readonly<Record<string, string>>;
  /**
   * What expressions are worked out from; their `env` and `inputs` are those of the step. Without it, expressions stay
   * as they are written: a plan that is only shown has no results yet.
   */
  values?: Pick<ExpressionValues, 'prev' | 'run' | 'item' | 'index' | 'allowance'>;
}

/** A step with its templates filled in. */
export interface ExpandedStep {
  action: StepAction;
  /** Inputs over what was taken along, over it `globals.env`, over it the step's `env`. */
  env: Record<string, string>;
  /** Parts of the folder to run in, each counted from the one before: `globals.cwd`, then the step's `cwd`. */
  cwd: string[];
  /** Names of the locks that it runs under, each once. */
  locks: string[];
  /** Texts in which a worker puts secrets; elsewhere these stand as they are written. */
  secrets: SecretUse[];
}

/** Characters of a lock's name: it becomes part of a workflow id, which may have 1,000. */
const MAX_LOCK_NAME = 512;

/** The names that templates and expressions mention and that neither an env map nor an input of the plan provides. */
export function namesIn(plan: Plan): string[] {
  const names = new Set<string>();
  const add = (layer: TemplateLayer, step: Step | undefined, name: string) => {
    if (!Object.hasOwn(plan.inputs, name) && !providedByMaps(plan, layer, step, name)) names.add(name);
  };
  for (const site of templateSites(plan)) {
    for (const { name } of references(site.text)) add(site.layer, stepOf(plan, site), name);
  }
  for (const { expression, layer, step } of planExpressions(plan)) {
    for (const name of expression.reads.env) add(layer, step, name);
  }
  return [...names];
}

/** One diagnostic for each name that a run would not find, with every place that uses it. Names with a default are none. */
export function missingNames(plan: Plan, context: TemplateContext): Diagnostic[] {
  const uses = new Map<string, TemplateSite[]>();
  for (const site of templateSites(plan)) {
    for (const { name, fallback } of references(site.text)) {
      if (fallback !== undefined || providedByMaps(plan, site.layer, stepOf(plan, site), name)) continue;
      if (Object.hasOwn(context.inputs, name) || Object.hasOwn(context.env, name)) continue;
      const known = uses.get(name) ?? [];
      if (known.at(-1) !== site) known.push(site);
      uses.set(name, known);
    }
  }
  return [...uses].map(([name, sites]) =>
    toDiagnostic({
      code: 'missing_name',
      path: sites[0]!.path,
      message: `\${${name}} has no value`,
      hint: looksSecret(name)
        ? secretHint(name)
        : `give it with --env ${name}=VALUE, declare it under inputs, or write \${${name}:-default}`,
      related: sites.slice(1).map((site) => ({ message: 'also used here', path: site.path })),
    }),
  );
}

/**
 * Fills in the templates of a step. Shell text is passed on as written: values reach it as environment variables.
 *
 * @throws ExpressionError where an expression cannot be worked out
 */
export function expandStep(plan: Plan, step: Step, context: TemplateContext): ExpandedStep {
  const { env, belowStep } = layersOf(plan, step, context);
  const fill = filler(step, env, context);
  const secrets = secretUses(plan, step, {
    globalEnv: filler(plan.globals, givenLayer(context), context),
    env: filler(step, belowStep, context),
    action: fill,
  });
  const cwd: string[] = [];
  if (plan.globals.cwd !== undefined) cwd.push(filler(plan.globals, belowStep, context)(plan.globals.cwd));
  if (step.cwd !== undefined) cwd.push(fill(step.cwd));
  const action = expandAction(step.action, fill, valueFiller(step, env, context));
  return { action, env, cwd, locks: lockNames(step.locks, fill), secrets };
}

/** The outputs of a run, worked out once it has ended; one that cannot be is left out and named in `failed`. */
export function expandOutputs(
  plan: Plan,
  context: TemplateContext,
): { outputs: Record<string, Json>; failed: { name: string; message: string }[] } {
  const outputs: [string, Json][] = [];
  const failed: { name: string; message: string }[] = [];
  for (const [name, value] of Object.entries(plan.outputs)) {
    try {
      // The layers inside, for an expression in globals.env may fail too.
      const fill = valueFiller(plan.globals, layersBelowStep(plan, context), context);
      outputs.push([name, fillDeep(value, fill)]);
    } catch (error) {
      failed.push({ name, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { outputs: Object.fromEntries(outputs), failed };
}

/**
 * The names of the locks that a whole run holds, each once.
 *
 * @throws ExpressionError where one cannot be worked out
 */
export function expandRunLocks(plan: Plan, context: TemplateContext): string[] {
  const { locks } = plan.globals;
  if (locks.length === 0) return [];
  return lockNames(locks, globalsFiller(plan, context));
}

/**
 * What fills in texts of `globals`, from all that steps find below their own `env`.
 *
 * @throws ExpressionError where an expression in `globals.env` cannot be worked out
 */
export function globalsFiller(plan: Plan, context: TemplateContext): (text: string) => string {
  return filler(plan.globals, layersBelowStep(plan, context), context);
}

function lockNames(texts: readonly string[], fill: (text: string) => string): string[] {
  const names = texts.map((text) => {
    const name = fill(text);
    if (name.trim() === '') throw new ExpressionError(text, 'a lock needs a name, but this gives none');
    if (name.length > MAX_LOCK_NAME) {
      throw new ExpressionError(
        text,
        `the name of a lock may have at most ${MAX_LOCK_NAME} characters, not ${name.length}`,
      );
    }
    return name;
  });
  return [...new Set(names)];
}

/**
 * What the conditions of a step are worked out from: `env.NAME` is looked up as the step's environment is.
 *
 * @throws ExpressionError where an expression in an env map cannot be worked out
 */
export function conditionValues(
  plan: Plan,
  step: Step,
  context: TemplateContext & { values: NonNullable<TemplateContext['values']> },
): ExpressionValues {
  return { ...context.values, env: layersOf(plan, step, context).env, inputs: context.inputs };
}

/** The environment of a step, and what lies below the step's own. */
function layersOf(
  plan: Plan,
  step: Step,
  context: TemplateContext,
): { env: Record<string, string>; belowStep: Record<string, string> } {
  const belowStep = layersBelowStep(plan, context);
  return { env: { ...belowStep, ...fillMap(step.env, filler(step, belowStep, context)) }, belowStep };
}

function layersBelowStep(plan: Plan, context: TemplateContext): Record<string, string> {
  const given = givenLayer(context);
  return { ...given, ...fillMap(plan.globals.env, filler(plan.globals, given, context)) };
}

/** What runs were given, by their inputs: a thousand instances of a step would put the same thousand items into text. */
const givenLayers = new WeakMap<object, { env: TemplateContext['env']; layer: Record<string, string> }>();

/** What the run was given: its inputs, over what it took along. Whoever calls takes a copy. */
function givenLayer({ inputs, env }: TemplateContext): Readonly<Record<string, string>> {
  const known = givenLayers.get(inputs);
  if (known?.env === env) return known.layer;
  const texts = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, inputToEnv(value)]));
  const layer = { ...env, ...texts };
  givenLayers.set(inputs, { env, layer });
  return layer;
}

type Env = Readonly<Record<string, string>>;

/** Fills in texts of a step or of `globals` from one layer of the environment. */
function filler(owner: Step | PlanGlobals, env: Env, { inputs, values }: TemplateContext): (text: string) => string {
  const lookUp = (name: string) => (Object.hasOwn(env, name) ? env[name] : undefined);
  if (values === undefined) return (text) => fillTemplate(text, lookUp);
  return (text) =>
    fillTemplate(text, lookUp, (expression) => evaluateText(owner, expression, { ...values, env, inputs }));
}

/** The same, where a string that is nothing but one expression becomes its value. */
function valueFiller(owner: Step | PlanGlobals, env: Env, context: TemplateContext): (text: string) => Json {
  const fill = filler(owner, env, context);
  const { values, inputs } = context;
  if (values === undefined) return fill;
  return (text) => {
    const expression = loneExpression(text);
    return expression === undefined ? fill(text) : evaluateValue(owner, expression, { ...values, env, inputs });
  };
}

function fillMap(map: Env, fill: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([name, text]) => [name, fill(text)]));
}

function references(text: string): TemplateName[] {
  if (!mayHoldTemplate(text)) return [];
  return readTemplate(text).parts.filter((part): part is TemplateName => typeof part === 'object' && 'name' in part);
}

function stepOf(plan: Plan, site: TemplateSite): Step | undefined {
  return site.step === undefined ? undefined : plan.steps[site.step];
}

function providedByMaps(plan: Plan, layer: TemplateLayer, step: Step | undefined, name: string): boolean {
  if (layer === 'globals_env') return false;
  if (Object.hasOwn(plan.globals.env, name)) return true;
  return layer === 'step' && step !== undefined && Object.hasOwn(step.env, name);
}
