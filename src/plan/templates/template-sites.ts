import { MAX_DEPTH } from '../document/faults.js';
import { isMap, stringsOf } from '../problems/paths.js';
import { scriptArguments } from './shell-scripts.js';
import { countMainSteps, sourceSteps, stepPath } from '../document/source-steps.js';
import type { Plan } from '../model/plan.js';

type Path = readonly PropertyKey[];

/** A string that is templated, and in which layers its names are looked up. */
export interface TemplateSite {
  text: string;
  path: Path;
  layer: TemplateLayer;
  /** Position of the step; absent for those of `globals`. */
  step?: number;
  /** True where a secret may stand: nobody but the step, or the one it calls, sees what is there. */
  private?: true;
}

/**
 * Where the names of a string are looked up. Inside an env map only the layers below it count, so that
 * `BRANCH: ${BRANCH}` works.
 */
export type TemplateLayer = 'globals_env' | 'globals' | 'step_env' | 'step' | 'outputs';

/** Strings of a plan that are templated, of a checked plan and of one as written alike. */
export function* templateSites(plan: Plan): Generator<TemplateSite> {
  yield* globalSites(plan.globals);
  const mainCount = countMainSteps(plan);
  for (const [position, step] of plan.steps.entries()) {
    const path = stepPath(position, mainCount);
    const actionPath = step.form === 'step_def' ? [...path, 'step_def'] : path;
    yield* stepSites({ step, path, action: step.action, actionPath, position });
  }
  yield* deepSites(plan.outputs, ['outputs'], { layer: 'outputs' });
}

/** The same for a document that may be wrong anywhere. */
export function* sourceTemplateSites(source: Record<string, unknown>): Generator<TemplateSite> {
  const globals = source['globals'];
  if (isMap(globals)) yield* globalSites(globals);
  for (const [position, { step, path }] of sourceSteps(source).entries()) {
    if (step === undefined) continue;
    const def = step['step_def'];
    if (isMap(def)) yield* stepSites({ step, path, action: def, actionPath: [...path, 'step_def'], position });
    else yield* stepSites({ step, path, action: step, actionPath: path, position });
  }
  yield* deepSites(source['outputs'], ['outputs'], { layer: 'outputs' });
}

interface ActionTexts {
  type?: unknown;
  command?: unknown;
  args?: unknown;
  shell?: unknown;
  stdin?: unknown;
  url?: unknown;
  method?: unknown;
  headers?: unknown;
  body?: unknown;
  inputs?: unknown;
  prompt?: unknown;
  hint?: unknown;
  files?: unknown;
  review?: unknown;
  worktree?: unknown;
}

interface StepTexts {
  step: { env?: unknown; cwd?: unknown; locks?: unknown };
  path: Path;
  action: ActionTexts;
  actionPath: Path;
  position: number;
}

interface GlobalTexts {
  env?: unknown;
  cwd?: unknown;
  locks?: unknown;
  notify?: unknown;
}

function* globalSites({ env, cwd, locks, notify }: GlobalTexts): Generator<TemplateSite> {
  yield* mapSites(env, ['globals', 'env'], { layer: 'globals_env', private: true });
  if (typeof cwd === 'string') yield { text: cwd, path: ['globals', 'cwd'], layer: 'globals' };
  yield* listSites(locks, ['globals', 'locks'], { layer: 'globals' });
  const notifiers: unknown = isMap(notify) ? notify['notifiers'] : notify; // of a checked plan, or as written
  if (!Array.isArray(notifiers)) return;
  for (const [place, each] of (notifiers as unknown[]).entries()) {
    if (isMap(each)) yield* notifierSites(each, ['globals', 'notify', place]);
  }
}

/** A line for the shell is no template: what a run tells stands in variables there. */
function* notifierSites({ command, env, webhook }: Record<string, unknown>, path: Path): Generator<TemplateSite> {
  const hidden = { layer: 'globals', private: true } as const;
  yield* listSites(command, [...path, 'command'], { layer: 'globals' });
  yield* mapSites(env, [...path, 'env'], hidden);
  yield* mapSites(webhook, [...path, 'webhook'], hidden);
}

function* stepSites({ step, path, action, actionPath, position }: StepTexts): Generator<TemplateSite> {
  yield* mapSites(step.env, [...path, 'env'], { layer: 'step_env', step: position, private: true });
  const rest = { layer: 'step', step: position } as const;
  if (typeof step.cwd === 'string') yield { text: step.cwd, path: [...path, 'cwd'], ...rest };
  yield* listSites(step.locks, [...path, 'locks'], rest);
  const hidden = { ...rest, private: true } as const;
  if (typeof action.stdin === 'string') yield { text: action.stdin, path: [...actionPath, 'stdin'], ...hidden };
  if (action.type === 'http') {
    yield* deepSites(action.method, [...actionPath, 'method'], rest);
    for (const key of ['url', 'body'] as const) yield* deepSites(action[key], [...actionPath, key], hidden);
    yield* mapSites(action.headers, [...actionPath, 'headers'], hidden);
  } else if (action.type === 'plan') {
    yield* deepSites(action.inputs, [...actionPath, 'inputs'], rest);
  } else if (action.type === 'agent') {
    yield* agentSites(action, actionPath, rest);
  } else if (action.type === 'powershell') {
    yield* deepSites(action.args, [...actionPath, 'args'], rest);
  } else if (typeof action.command === 'string') {
    yield* commandSites(action.command, action, actionPath, rest);
  }
}

function* agentSites(action: ActionTexts, path: Path, rest: SiteRest): Generator<TemplateSite> {
  for (const key of ['prompt', 'hint'] as const) {
    const text = action[key];
    if (typeof text === 'string') yield { text, path: [...path, key], ...rest };
  }
  yield* listSites(action.files, [...path, 'files'], rest);
  const { review, worktree } = action;
  if (isMap(review) && typeof review['prompt'] === 'string') {
    yield { text: review['prompt'], path: [...path, 'review', 'prompt'], ...rest };
  }
  if (!isMap(worktree)) return;
  for (const key of ['branch', 'base']) {
    const text = worktree[key];
    if (typeof text === 'string') yield { text, path: [...path, 'worktree', key], ...rest };
  }
}

type SiteRest = Pick<TemplateSite, 'layer' | 'step' | 'private'>;

function* commandSites(command: string, action: ActionTexts, path: Path, rest: SiteRest): Generator<TemplateSite> {
  const byShell = action.shell === true;
  if (!byShell) yield { text: command, path: [...path, 'command'], ...rest };
  const args = stringsOf(action.args);
  const words = args.map(([, text]) => text);
  const scripts = byShell ? undefined : scriptArguments(command, words);
  for (const [place, [entry, text]] of args.entries()) {
    if (!scripts?.has(place)) yield { text, path: [...path, 'args', entry], ...rest };
  }
}

function* mapSites(map: unknown, path: Path, rest: SiteRest): Generator<TemplateSite> {
  if (!isMap(map)) return;
  for (const [name, text] of Object.entries(map)) {
    if (typeof text === 'string') yield { text, path: [...path, name], ...rest };
  }
}

function* listSites(list: unknown, path: Path, rest: SiteRest): Generator<TemplateSite> {
  for (const [entry, text] of stringsOf(list)) yield { text, path: [...path, entry], ...rest };
}

/** All strings of a JSON value. Keys are none: a template that names a field hides what is sent. */
function* deepSites(value: unknown, path: Path, rest: SiteRest, depth = 0): Generator<TemplateSite> {
  if (typeof value === 'string') yield { text: value, path, ...rest };
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return;
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, inner] of entries) yield* deepSites(inner, [...path, key], rest, depth + 1);
}
