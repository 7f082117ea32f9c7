import type { ConvertedPlan } from '../../plan/files/converted.js';
import { contextFinder } from './context.js';
import type { Manifest, Mode, Tier } from './manifest.js';
import { REVIEW_ENGINES, type ExecManifestOptions } from './options.js';
import { orderTasks, type Joint, type OrderedTask } from './order.js';
import type { ProseTask } from './prose-plan.js';
import { defined } from '../../basics/defined.js';

/** The tag of steps that only join others. */
export const JOINT_TAG = 'barrier';
/** The agent that does the tasks, and the one that stands for a dispatch script. */
const AGENT = 'codex';
const DISPATCH = 'dispatch';
const MAX_FIX_ROUNDS = 2;
/** Characters that a reviewer is told of the prose plan. */
const MAX_SECTION = 16_000;

/** Converts a valid manifest. `proseOf` gives what the prose plan says of a task. */
export function convertManifest(
  manifest: Manifest,
  path: string,
  options: ExecManifestOptions,
  proseOf: (task: string) => ProseTask | undefined,
): ConvertedPlan {
  const mode = options.mode ?? manifest.mode;
  const origins = new Map([
    ['globals.max_concurrency', 'max_parallel'],
    ['metadata.mode', 'mode'],
  ]);
  const contextOf = mode === 'all-parallel' ? () => [] : contextFinder(manifest);
  const steps = orderTasks(manifest, mode).map((each, index) => {
    if (!('task' in each)) {
      origins.set(`steps[${index}]`, `stages[${each.stage}]`);
      return jointStep(each, manifest);
    }
    addOrigins(origins, `steps[${index}]`, each);
    const { task, stage } = each;
    return taskStep(each, manifest, options, { context: contextOf(task, stage), prose: proseOf(task.id) });
  });
  const document = {
    plan_id: planId(path),
    version: '1.0',
    metadata: metadataOf(manifest, mode),
    globals: globalsOf(manifest, mode, options),
    steps,
  };
  return { document, origins };
}

/** A plan is called what its manifest's file is called. */
function planId(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/(\.exec)?\.(ya?ml|json)$/i, '');
  const id = name.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[.-]+/, '');
  return id === '' ? 'manifest' : id.slice(0, 128);
}

/** What the dry run and the summary show of a manifest, and its steps do not say. */
function metadataOf({ stages }: Manifest, mode: Mode): Record<string, unknown> {
  const tasks = stages.flatMap((stage) => stage.tasks);
  const named = tasks.filter(({ depends }) => (depends ?? []).length > 0);
  return {
    format: 'exec-manifest',
    mode,
    stages: stages.map(({ name, tasks }) => ({ name, tasks: tasks.map(({ id }) => id) })),
    depends: Object.fromEntries(named.map(({ id, depends }) => [id, depends])),
  };
}

function globalsOf(manifest: Manifest, mode: Mode, options: ExecManifestOptions): Record<string, unknown> {
  const { projectDir } = options;
  const agents = agentsOf(manifest, options);
  return {
    max_concurrency: mode === 'all-sequential' ? 1 : (manifest.max_parallel ?? 5),
    ...(projectDir === undefined ? {} : { cwd: verbatim(projectDir) }),
    ...(Object.keys(agents).length === 0 ? {} : { agents }),
  };
}

/** How the agents that do the tasks are called, and that they push nothing. Reviewers only read. */
function agentsOf(manifest: Manifest, options: ExecManifestOptions): Record<string, unknown> {
  const { dispatch, mayPush = false } = options;
  const guard = mayPush ? {} : { push: 'deny' };
  if (dispatch === undefined) return mayPush ? {} : { [AGENT]: guard };
  const called = Object.entries(dispatchAgents(manifest, dispatch, options));
  return Object.fromEntries(called.map(([name, settings]) => [name, { ...settings, ...guard }]));
}

/** The script as it does the tasks, and as it calls each engine that reviews. */
function dispatchAgents(
  manifest: Manifest,
  script: string | true,
  options: ExecManifestOptions,
): Record<string, Record<string, unknown>> {
  const agent = { adapter: 'dispatch', ...(script === true ? {} : { command: script }) };
  const tiers = manifest.stages.flatMap(({ tasks }) => tasks.map((task) => tierOf(task, manifest)));
  const engines = options.review === false ? [] : [...new Set(tiers.map((tier) => engineOf(tier, options)))];
  const reviewers = engines.filter((engine) => DISPATCH_ENGINES.has(engine));
  return {
    [DISPATCH]: agent,
    ...Object.fromEntries(reviewers.map((engine) => [reviewerOf(engine), { ...agent, args: ['--to', engine] }])),
  };
}

/** Engines that a dispatch script calls by `--to`; others are called by orch itself. */
const DISPATCH_ENGINES: ReadonlySet<string> = new Set(['codex', 'claude']);

function reviewerOf(engine: string): string {
  return `${DISPATCH}-${engine}`;
}

function engineOf(tier: Tier, { reviewEngine }: ExecManifestOptions): string {
  return reviewEngine ?? REVIEW_ENGINES[tier];
}

function tierOf(task: OrderedTask['task'], manifest: Manifest): Tier {
  return task.tier ?? manifest.tier ?? 'deep';
}

function jointStep({ id, name, waitsFor, whateverEnds, stage }: Joint, { stages }: Manifest): Record<string, unknown> {
  return {
    id,
    name,
    tags: [JOINT_TAG],
    ...groupOf(stages[stage]!.name),
    depends_on: waitsFor,
    ...(whateverEnds ? { trigger_rule: 'all_done' } : {}),
    step_def: { type: 'noop' },
  };
}

function taskStep(
  { task, stage, waitsFor }: OrderedTask,
  manifest: Manifest,
  options: ExecManifestOptions,
  { context, prose }: { context: readonly string[]; prose: ProseTask | undefined },
): Record<string, unknown> {
  const tier = tierOf(task, manifest);
  const files = task.files ?? [];
  const verify = prose?.verify ?? [];
  const { plan, dispatch, review = true, maxFixRounds = MAX_FIX_ROUNDS, answerTimeoutSec } = options;
  return {
    id: task.id,
    name: task.title,
    ...groupOf(manifest.stages[stage]!.name),
    ...(waitsFor.length === 0 ? {} : { depends_on: waitsFor }),
    on_failure: 'skip_dependents',
    step_def: {
      type: 'agent',
      agent: dispatch === undefined ? AGENT : DISPATCH,
      tier,
      title: task.title,
      prompt: verbatim(task.title),
      ...(task.prompt_hint ? { hint: verbatim(task.prompt_hint) } : {}),
      ...defined({ plan_file: plan?.path }),
      ...(files.length === 0 ? {} : { files: files.map(verbatim) }),
      ...(context.length === 0 ? {} : { context: { steps: context } }),
      timeout_sec: manifest.timeout_per_task ?? 300,
      ...(verify.length === 0 ? {} : { verify }),
      ...(review ? { review: reviewOf(tier, options, prose) } : {}),
      max_fix_rounds: maxFixRounds,
      ...defined({ answer_timeout_sec: answerTimeoutSec }),
    },
  };
}

function groupOf(stage: string): Record<string, unknown> {
  return stage === '' ? {} : { ui_hints: { group: stage } };
}

/** A text of the manifest in a place where a plan may have templates. */
function verbatim(text: string): string {
  return text.replaceAll('$', '$$$$');
}

function reviewOf(tier: Tier, options: ExecManifestOptions, prose: ProseTask | undefined): Record<string, unknown> {
  const { plan, dispatch } = options;
  const engine = engineOf(tier, options);
  return {
    agent: dispatch !== undefined && DISPATCH_ENGINES.has(engine) ? reviewerOf(engine) : engine,
    tier,
    ...(prose === undefined ? {} : { prompt: verbatim(`### What the plan says about it\n\n${cut(prose.section)}`) }),
    ...defined({ criteria_file: plan?.criteria }),
  };
}

function cut(section: string): string {
  return section.length <= MAX_SECTION ? section : `${section.slice(0, MAX_SECTION)}\n…`;
}

/** Where the parts of a task's step are written. */
function addOrigins(origins: Map<string, string>, step: string, { task, stage, place, waitsFor }: OrderedTask): void {
  const at = `stages[${stage}].tasks[${place}]`;
  origins.set(step, at);
  origins.set(`${step}.name`, `${at}.title`);
  origins.set(`${step}.step_def`, at);
  origins.set(`${step}.step_def.prompt`, `${at}.title`);
  origins.set(`${step}.step_def.hint`, `${at}.prompt_hint`);
  origins.set(`${step}.step_def.timeout_sec`, 'timeout_per_task');
  origins.set(`${step}.step_def.context`, `${at}.depends`);
  if ((task.tier ?? undefined) === undefined) origins.set(`${step}.step_def.tier`, 'tier');
  for (const [entry, id] of (task.depends ?? []).entries()) {
    origins.set(`${step}.depends_on[${waitsFor.indexOf(id)}]`, `${at}.depends[${entry}]`);
  }
}
