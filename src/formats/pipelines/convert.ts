import { partName, type Conversion, type ConvertedPlan } from '../../plan/files/converted.js';
import { formatPath } from '../../plan/problems/paths.js';
import { looksSecret } from '../../plan/templates/secret-names.js';
import { modeVariables, resolveExecutionMode, type ExecutionMode } from './execution-mode.js';
import type { PipelinesOptions } from './options.js';
import type { CommandStage, Pipeline, PipelinesFile, SubpipelineStage } from './schema.js';
import { PACKAGE_ROOT, packageRootOf } from './package-root.js';
import { expandStages, stageSetEntries, type StageEntry } from './stages.js';
import { stepIds, uniqueIds } from './step-ids.js';
import { defined } from '../../basics/defined.js';

type Path = readonly PropertyKey[];

/** Folders and ids by the names that commands of pipelines know; a worker knows the values. */
const ALIASES = {
  CODEX_ORCHESTRATOR_RUN_ID: 'ORCH_RUN_ID',
  CODEX_ORCHESTRATOR_RUN_DIR: 'ORCH_RUN_DIR',
  CODEX_ORCHESTRATOR_RUNS_DIR: 'ORCH_RUNS_DIR',
  CODEX_ORCHESTRATOR_MANIFEST_PATH: 'ORCH_MANIFEST',
} as const;
/** Names that say which task a run is for. */
const TASK_VARIABLES = ['ORCH_TASK_ID', 'CODEX_ORCHESTRATOR_TASK_ID', 'MCP_RUNNER_TASK_ID'] as const;
/** What makes a stage a guardrail. */
const GUARDRAIL = 'spec-guard';

/**
 * Makes plans of all pipelines of a file that was checked. Each is a part of the file, by its id, so that pipelines
 * and plans of other files can run it.
 *
 * @param path the name that the file is kept by
 */
export function convertPipelines(
  file: PipelinesFile,
  chosen: Pipeline,
  path: string,
  options: PipelinesOptions,
): Pick<Conversion, 'parts'> & { plan: ConvertedPlan } {
  const sets = stageSetEntries(file);
  const names = uniqueIds(file.pipelines.map(({ id }) => id));
  const planIds = new Map(file.pipelines.map(({ id }, index) => [id, names[index]!]));
  const entries = new Map(
    file.pipelines.map((pipeline, index) => {
      const at: Path = ['pipelines', index];
      return [pipeline.id, { pipeline, at, stages: expandStages({ pipeline, path: at }, sets) }];
    }),
  );
  const context = { file, path, options, guarded: guardedPipelines(entries), planIds };
  const plans = [...entries].map(([id, { pipeline, at, stages }]): [string, ConvertedPlan] => [
    planIds.get(id)!,
    { document: planOf(context, pipeline, stages), origins: originsOf(at, stages) },
  ]);
  const parts = Object.fromEntries(plans);
  return { plan: parts[planIds.get(chosen.id)!]!, parts };
}

/** What the plans of one file have in common. */
interface Context {
  file: PipelinesFile;
  path: string;
  options: PipelinesOptions;
  guarded: ReadonlySet<string>;
  /** Ids of the plans, by those of the pipelines. */
  planIds: ReadonlyMap<string, string>;
}

function originsOf(at: Path, stages: readonly StageEntry[]): Map<string, string> {
  const whole = ['inputs', 'globals', 'guardrails', 'metadata'].map((key) => [key, formatPath(at)] as const);
  return new Map([
    ...whole,
    ['plan_id', formatPath([...at, 'id'])],
    ...stages.flatMap(({ path }, index) => [
      [`steps[${index}]`, formatPath(path)] as const,
      [`steps[${index}].step_def.plan`, formatPath([...path, 'pipeline'])] as const,
    ]),
  ]);
}

type Entries = ReadonlyMap<string, { stages: readonly StageEntry[] }>;

/** Ids of the pipelines that guard what they do, themselves or by one below them. */
function guardedPipelines(entries: Entries): Set<string> {
  const guarded = new Set<string>();
  for (let size = -1; size !== guarded.size;) {
    size = guarded.size;
    for (const [id, { stages }] of entries) if (stages.some((each) => guards(stageOf(each), guarded))) guarded.add(id);
  }
  return guarded;
}

function guards(stage: CommandStage | SubpipelineStage, guarded: ReadonlySet<string>): boolean {
  if (stage.kind === 'subpipeline') return guarded.has(stage.pipeline);
  return [stage.id, stage.title ?? '', stage.command].some((text) => text.includes(GUARDRAIL));
}

function stageOf({ stage }: StageEntry): CommandStage | SubpipelineStage {
  return stage as CommandStage | SubpipelineStage;
}

function planOf(context: Context, pipeline: Pipeline, entries: readonly StageEntry[]): Record<string, unknown> {
  const { options, guarded, planIds } = context;
  const ids = stepIds(entries);
  const packageRoot = packageRootOf(options);
  const { id, title, description, tags, guardrailsRequired } = pipeline;
  const stages = entries.map(stageOf);
  const usual = modeOf(context).mode;
  const guardrails = ids.filter((_, index) => guards(stages[index]!, guarded));
  const steps = stages.map((stage, index) => ({
    ...(stage.kind === 'command' ? commandStep(context, stage, usual) : subpipelineStep(context, stage)),
    id: ids[index]!,
    ...(index === 0 ? {} : { depends_on: [ids[index - 1]!] }),
  }));
  return {
    plan_id: planIds.get(id)!,
    version: '1.0',
    description: description || title || id,
    metadata: { ...(tags && { tags }), pipeline: metadataOf(context, pipeline, stages, ids) },
    inputs: { task: { default: taskOf(options) ?? id, description: 'What the run is for' } },
    globals: {
      default_timeout_sec: 'none',
      ...(options.root !== undefined && { cwd: literal(options.root) }),
      env: {
        ...environmentOf(literal(id), options.root),
        ...(packageRoot !== undefined && { [PACKAGE_ROOT]: literal(packageRoot) }),
        ...modeVariables(usual),
      },
      env_aliases: ALIASES,
      pass_env: mentionedNames(stages).filter((name) => name !== PACKAGE_ROOT || packageRoot === undefined),
    },
    ...(guardrailsRequired === false ? {} : { guardrails }),
    steps,
  };
}

function commandStep(context: Context, stage: CommandStage, usual: ExecutionMode): Record<string, unknown> {
  const { id, title, command, cwd, env, allowFailure, summaryHint } = stage;
  const { mode } = modeOf(context, stage);
  const set = Object.entries(env ?? {}).map(([name, value]) => [name, literal(value)] as const);
  return {
    name: title || id,
    ...(mode === 'cloud' && { tags: ['cloud'] }),
    command,
    shell: true,
    ...(cwd && { cwd: literal(cwd) }),
    env: { ...(mode !== usual && modeVariables(mode)), ...Object.fromEntries(set) },
    summary: summaryHint ?? true,
    ...(allowFailure === true && { on_failure: 'skip' }),
  };
}

/** A run of its own; what it is for it hears from the run above it. */
function subpipelineStep(
  { path, planIds }: Context,
  { id, title, pipeline, optional }: SubpipelineStage,
): Record<string, unknown> {
  const plan = planIds.get(pipeline);
  // Only an optional one may be missing.
  if (plan === undefined) return { name: title || id, skip_if: 'true', step_def: { type: 'noop' } };
  return {
    name: title || id,
    step_def: { type: 'plan', plan: partName(path, plan), inputs: { task: '${{ inputs.task }}' } },
    ...(optional === true && { on_failure: 'skip' }),
  };
}

function environmentOf(id: string, root: string | undefined): Record<string, string> {
  const folders = root === undefined ? {} : { REPO_ROOT: root, OUT_DIR: `${root.replace(/[\\/]+$/, '')}/out` };
  const escaped = Object.entries(folders).map(([name, folder]) => [name, literal(folder)] as const);
  const known = { TASK_ID: '${task}', PIPELINE_ID: id, ...Object.fromEntries(escaped) };
  return Object.fromEntries(
    ['ORCH', 'CODEX_ORCHESTRATOR'].flatMap((prefix) =>
      Object.entries(known).map(([name, value]) => [`${prefix}_${name}`, value]),
    ),
  );
}

/** Text that stands for itself, where a plan would look for templates. */
function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

function taskOf({ task: given, env = {} }: PipelinesOptions): string | undefined {
  return [given, ...TASK_VARIABLES.map((name) => env[name])].find((task) => task !== undefined && task !== '');
}

/** Names that the shell will look up: whoever starts the run may have set them. A worker has the secret ones itself. */
function mentionedNames(stages: readonly (CommandStage | SubpipelineStage)[]): string[] {
  const names = stages.flatMap((stage) =>
    stage.kind === 'command'
      ? [...stage.command.matchAll(/\$\{?([A-Za-z_][A-Za-z0-9_]*)/g)].map((match) => match[1]!)
      : [],
  );
  return [...new Set(names)].filter((name) => !isOwn(name) && !looksSecret(name));
}

/** Whether every stage has the variable anyway. */
function isOwn(name: string): boolean {
  const set = /^CODEX_ORCHESTRATOR_(TASK_ID|PIPELINE_ID|REPO_ROOT|OUT_DIR|EXECUTION_MODE)$/;
  return name in ALIASES || name.startsWith('ORCH_') || set.test(name);
}

/** What does nothing in a run, and is kept for who asks. */
function metadataOf(
  context: Context,
  { id, title, metadata, guardrailsRequired }: Pipeline,
  stages: readonly (CommandStage | SubpipelineStage)[],
  ids: readonly string[],
): Record<string, unknown> {
  const { runtimeMode } = context.file;
  const kept = stages.flatMap((stage, index): [string, Record<string, unknown>][] => {
    if (stage.kind === 'subpipeline') return [];
    const { plan, session } = stage;
    const { mode, source } = modeOf(context, stage);
    const said = source === 'default' ? {} : { execution_mode: mode, execution_mode_from: source };
    const hints = { ...said, ...(plan && { plan }), ...(session && { session }) };
    return Object.keys(hints).length === 0 ? [] : [[ids[index]!, hints]];
  });
  return {
    id,
    ...(title && { title }),
    ...(runtimeMode && { runtime_mode: runtimeMode }),
    guardrails_required: guardrailsRequired !== false,
    ...(metadata && { metadata }),
    ...(kept.length > 0 && { stages: Object.fromEntries(kept) }),
  };
}

function modeOf({ file, options }: Context, stage?: CommandStage): ReturnType<typeof resolveExecutionMode> {
  const { env, cloud, executionMode } = options;
  const flags = defined({ cloud, executionMode });
  return resolveExecutionMode({ flags, file, ...defined({ env, stage }) });
}
