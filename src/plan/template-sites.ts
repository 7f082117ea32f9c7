import { isMap, stringsOf } from './paths.js';
import { scriptArguments } from './shell-words.js';
import type { Plan, Step } from './types.js';

/** A string that is templated, and in which layers its names are looked up. */
export interface TemplateSite {
  text: string;
  path: readonly PropertyKey[];
  layer: TemplateLayer;
  /** Index of the step; absent for those of `globals`. */
  step?: number;
}

/**
 * Where the names of a string are looked up. Inside an env map only the layers below it count, so that
 * `BRANCH: ${BRANCH}` works.
 */
export type TemplateLayer = 'globals_env' | 'globals' | 'step_env' | 'step';

/** Strings of a plan that are templated, of a checked plan and of one as written alike. */
export function* templateSites(plan: Plan): Generator<TemplateSite> {
  yield* globalSites(plan.globals.env, plan.globals.cwd);
  for (const [index, step] of plan.steps.entries())
    yield* stepSites(step, actionOf(step), actionPath(step, index), index);
}

/** The same for a document that may be wrong anywhere. */
export function* sourceTemplateSites(source: Record<string, unknown>): Generator<TemplateSite> {
  const globals = source['globals'];
  if (isMap(globals)) yield* globalSites(globals['env'], globals['cwd']);
  const steps: unknown = source['steps'];
  if (!Array.isArray(steps)) return;
  for (const [index, step] of steps.entries()) {
    if (!isMap(step)) continue;
    const def = step['step_def'];
    const path = ['steps', index];
    if (isMap(def)) yield* stepSites(step, def, [...path, 'step_def'], index);
    else yield* stepSites(step, step, path, index);
  }
}

interface ActionTexts {
  type?: unknown;
  command?: unknown;
  args?: unknown;
  shell?: unknown;
  stdin?: unknown;
}

function actionOf(step: Step): ActionTexts {
  return step.action;
}

function actionPath(step: Step, index: number): PropertyKey[] {
  return step.form === 'step_def' ? ['steps', index, 'step_def'] : ['steps', index];
}

function* globalSites(env: unknown, cwd: unknown): Generator<TemplateSite> {
  yield* envSites(env, ['globals', 'env'], { layer: 'globals_env' });
  if (typeof cwd === 'string') yield { text: cwd, path: ['globals', 'cwd'], layer: 'globals' };
}

function* stepSites(
  step: { env?: unknown; cwd?: unknown },
  action: ActionTexts,
  path: readonly PropertyKey[],
  index: number,
): Generator<TemplateSite> {
  yield* envSites(step.env, ['steps', index, 'env'], { layer: 'step_env', step: index });
  const site = (text: string, at: readonly PropertyKey[]): TemplateSite => ({
    text,
    path: at,
    layer: 'step',
    step: index,
  });
  if (typeof step.cwd === 'string') yield site(step.cwd, ['steps', index, 'cwd']);
  if (typeof action.stdin === 'string') yield site(action.stdin, [...path, 'stdin']);
  if (typeof action.command !== 'string') return;
  if (action.shell !== true) yield site(action.command, [...path, 'command']);
  const args = stringsOf(action.args);
  const scripts =
    action.shell === true
      ? undefined
      : scriptArguments(
          action.command,
          args.map(([, text]) => text),
        );
  for (const [place, [entry, text]] of args.entries()) {
    if (!scripts?.has(place)) yield site(text, [...path, 'args', entry]);
  }
}

function* envSites(
  env: unknown,
  path: readonly PropertyKey[],
  rest: Pick<TemplateSite, 'layer' | 'step'>,
): Generator<TemplateSite> {
  if (!isMap(env)) return;
  for (const [name, text] of Object.entries(env)) {
    if (typeof text === 'string') yield { text, path: [...path, name], ...rest };
  }
}
