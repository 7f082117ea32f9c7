import { inputToEnv } from './inputs.js';
import { quote, toDiagnostic, type Problems } from './problems.js';
import { scriptArguments } from './shell-words.js';
import { sourceTemplateSites, templateSites, type TemplateSite } from './template-sites.js';
import { fillTemplate, mayHoldTemplate, readTemplate, type TemplateFault, type TemplatePart } from './template-text.js';
import type { Diagnostic, Json, Plan, Step, StepAction } from './types.js';

/** What a run's templates are filled from, besides the plan itself. */
export interface TemplateContext {
  inputs: Readonly<Record<string, Json>>;
  /** What the run took along from its starter. */
  env: Readonly<Record<string, string>>;
}

/** A step with its templates filled in. */
export interface ExpandedStep {
  action: StepAction;
  /** Inputs over what was taken along, over it `globals.env`, over it the step's `env`. */
  env: Record<string, string>;
  /** Parts of the folder to run in, each counted from the one before: `globals.cwd`, then the step's `cwd`. */
  cwd: string[];
}

/** The names that templates mention and that neither an env map nor an input of the plan provides. */
export function namesIn(plan: Plan): string[] {
  const names = new Set<string>();
  for (const site of templateSites(plan)) {
    for (const { name } of references(site.text)) {
      if (!Object.hasOwn(plan.inputs, name) && !providedByMaps(plan, site, name)) names.add(name);
    }
  }
  return [...names];
}

/** One diagnostic for each name that a run would not find, with every place that uses it. Names with a default are none. */
export function missingNames(plan: Plan, context: TemplateContext): Diagnostic[] {
  const uses = new Map<string, TemplateSite[]>();
  for (const site of templateSites(plan)) {
    for (const { name, fallback } of references(site.text)) {
      if (fallback !== undefined || providedByMaps(plan, site, name) || contextValue(context, name) !== undefined)
        continue;
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
      hint: `give it with --env ${name}=VALUE, declare it under inputs, or write \${${name}:-default}`,
      related: sites.slice(1).map((site) => ({ message: 'also used here', path: site.path })),
    }),
  );
}

/** Fills in the templates of a step. Shell text is passed on as written: values reach it as environment variables. */
export function expandStep(plan: Plan, step: Step, context: TemplateContext): ExpandedStep {
  const below = (name: string) => contextValue(context, name);
  const globalsEnv = fillMap(plan.globals.env, below);
  const belowStep = (name: string) => ownValue(globalsEnv, name) ?? below(name);
  const stepEnv = fillMap(step.env, belowStep);
  const lookUp = (name: string) => ownValue(stepEnv, name) ?? belowStep(name);
  const inputs = Object.fromEntries(Object.entries(context.inputs).map(([name, value]) => [name, inputToEnv(value)]));
  const cwd: string[] = [];
  if (plan.globals.cwd !== undefined) cwd.push(fillTemplate(plan.globals.cwd, belowStep));
  if (step.cwd !== undefined) cwd.push(fillTemplate(step.cwd, lookUp));
  return {
    action: expandAction(step.action, (text) => fillTemplate(text, lookUp)),
    env: { ...context.env, ...inputs, ...globalsEnv, ...stepEnv },
    cwd,
  };
}

/** Finds malformed templates, and strings that no process can be given, in a document that may be wrong anywhere. */
export function checkTemplates(source: Record<string, unknown>, problems: Problems): void {
  for (const { text, path } of sourceTemplateSites(source)) {
    if (text.includes('\0') && path.at(-1) !== 'stdin') {
      const message = 'a NUL character cannot be given to a process';
      problems.add({ code: 'invalid_value', path, message, hint: 'remove it' });
    }
    if (!mayHoldTemplate(text)) continue;
    for (const fault of readTemplate(text).faults) problems.add({ path, ...describeFault(fault) });
  }
}

function references(text: string): Exclude<TemplatePart, string>[] {
  return mayHoldTemplate(text) ? readTemplate(text).parts.filter((part) => typeof part !== 'string') : [];
}

function providedByMaps(plan: Plan, site: TemplateSite, name: string): boolean {
  if (site.layer === 'globals_env') return false;
  if (Object.hasOwn(plan.globals.env, name)) return true;
  return site.layer === 'step' && Object.hasOwn(plan.steps[site.step!]!.env, name);
}

function contextValue(context: TemplateContext, name: string): string | undefined {
  if (Object.hasOwn(context.inputs, name)) return inputToEnv(context.inputs[name]!);
  return ownValue(context.env, name);
}

function ownValue(map: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

function fillMap(
  map: Readonly<Record<string, string>>,
  lookUp: (name: string) => string | undefined,
): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([name, text]) => [name, fillTemplate(text, lookUp)]));
}

function expandAction(action: StepAction, fill: (text: string) => string): StepAction {
  switch (action.type) {
    case 'noop':
      return action;
    case 'shell':
      return { ...action, ...(action.stdin === undefined ? {} : { stdin: fill(action.stdin) }) };
    case 'command': {
      const scripts = action.shell ? undefined : scriptArguments(action.command, action.args, fill);
      return {
        ...action,
        command: action.shell ? action.command : fill(action.command),
        args: action.args.map((text, index) => (scripts?.has(index) ? text : fill(text))),
        ...(action.stdin === undefined ? {} : { stdin: fill(action.stdin) }),
      };
    }
    default: {
      const never: never = action;
      throw new Error(`Internal error: unknown action ${JSON.stringify(never)}`);
    }
  }
}

function describeFault(fault: TemplateFault): {
  code: 'malformed_template' | 'not_supported_yet';
  message: string;
  hint: string;
} {
  const hint = 'write ${NAME} or ${NAME:-default}; $$ is a literal $';
  switch (fault.kind) {
    case 'expression':
      return { code: 'not_supported_yet', message: `expressions (${quote(fault.text)}) are not supported yet`, hint };
    case 'unclosed':
      return { code: 'malformed_template', message: `${quote(fault.text)} has no closing brace`, hint };
    case 'no_name':
      return { code: 'malformed_template', message: `${quote(fault.text)} is no template`, hint };
    case 'nested':
      return { code: 'malformed_template', message: `${quote(fault.text)}: a default cannot hold a template`, hint };
    default: {
      const never: never = fault.kind;
      throw new Error(`Internal error: unknown fault ${String(never)}`);
    }
  }
}
