import path from 'node:path';
import type { PreparedRun } from '../../client/prepare.js';
import { readNotes } from '../../formats/exec-manifest/index.js';
import { levels } from '../../plan/graph/graph.js';
import { resolvePlanPath } from '../../plan/files/plan-path.js';
import { expandRunLocks, expandStep } from '../../plan/templates/expand-step.js';
import type { Plan, StepAction } from '../../plan/model/plan.js';
import { EXIT, type CliContext } from '../context.js';
import type { FormatFlags } from '../options/format.js';
import { loadPlanFile, type PlanFile } from '../load-plan.js';
import { preparePlan } from '../prepare-plan.js';
import { readEnv, readInputs, readSelection, type InputOptions } from '../options/plan.js';
import { BEFORE_THE_RUN, foreseeStep, neededSecrets } from '../../plan/templates/foresee.js';
import { approvalText, renderDryRun, type PlannedStep, type PlanSummary } from '../render/dry-run.js';
import { shellWord } from '../../basics/shell-word.js';
import { planManifest, renderManifest, type PlannedManifest } from '../render/manifest-plan.js';
import { defined } from '../../basics/defined.js';

interface PlanFlags extends InputOptions, FormatFlags {
  strict?: boolean;
  json?: boolean;
}

/** `orch plan PLAN`: what a run would do. A run starts each step when its own dependencies are done, not by waves. */
export async function plan(context: CliContext, file: string, flags: PlanFlags): Promise<number> {
  const loaded = await loadPlanFile(context, file, flags);
  const prepared = await prepare(context, loaded, flags);
  const waves = levels(loaded.graph);
  const steps = waves.flatMap((wave, number) =>
    wave.map((index) => plannedStep(context, prepared, loaded, index, number + 1)),
  );
  const notes = readNotes(loaded.plan);
  if (notes !== undefined) {
    showManifest(context, loaded, planManifest(notes, loaded.plan, loaded.graph), steps, flags.json === true);
    return EXIT.succeeded;
  }
  const limit = loaded.plan.globals.max_concurrency;
  const widest = Math.max(0, ...waves.map((wave) => widthOfWave(wave, loaded, limit)));
  const selected = new Set(steps.flatMap((step) => (step.selected ? [step.id] : [])));
  const { inputs, env } = prepared.input;
  const summary: PlanSummary = {
    plan_id: loaded.plan.plan_id,
    steps: loaded.plan.steps.length,
    waves: waves.length,
    max_parallelism: Math.min(widest, limit),
    locks: expandRunLocks(prepared.plan, { inputs, env, values: BEFORE_THE_RUN }),
    secrets: neededSecrets(prepared.plan.steps.filter(({ id }) => selected.has(id))).map((secret) => {
      const { env: name } = secret.source;
      return { ...secret, set_here: name === undefined ? null : context.env[name] !== undefined };
    }),
  };
  if (flags.json) {
    const ids = waves.map((wave) => wave.map((index) => loaded.graph.ids[index]));
    context.out(`${JSON.stringify({ ...summary, waves: ids, steps }, null, 2)}\n`);
  } else {
    context.out(renderDryRun(context.outColors, summary, steps));
  }
  return EXIT.succeeded;
}

/** How many processes the steps of a wave can be; of a list that is not known yet, as many as there may be. */
function widthOfWave(wave: readonly number[], { plan: { steps } }: PlanFile, limit: number): number {
  return wave.reduce((sum, index) => {
    const { foreach, max_parallel = limit } = steps[index]!;
    if (foreach === undefined) return sum + 1;
    return sum + (typeof foreach === 'string' ? max_parallel : Math.min(foreach.length, max_parallel));
  }, 0);
}

/** A manifest in its own terms: tasks and stages, and nothing of what joins them. */
function showManifest(
  context: CliContext,
  { plan: { plan_id } }: PlanFile,
  planned: PlannedManifest,
  steps: readonly PlannedStep[],
  json: boolean,
): void {
  const step = new Map(steps.map((each) => [each.id, each]));
  if (!json) {
    context.out(renderManifest(context.outColors, plan_id, planned, (id) => step.get(id)?.selected !== false));
    return;
  }
  const { mode, waves, max_parallelism } = planned;
  const shown = {
    plan_id,
    format: 'exec-manifest',
    mode,
    max_parallelism,
    waves: waves.map(({ tasks }) => tasks.map(({ id }) => id)),
    stages: waves.map(({ stages }) => stages),
    steps: waves.flatMap(({ tasks }) => tasks.map((task) => ({ ...step.get(task.id)!, ...task }))),
  };
  context.out(`${JSON.stringify(shown, null, 2)}\n`);
}

async function prepare(context: CliContext, loaded: PlanFile, flags: PlanFlags): Promise<PreparedRun> {
  const options = {
    inputs: await readInputs(context, flags),
    env: readEnv(context, flags),
    from: context.env,
    select: readSelection(flags),
    baseDir: context.cwd,
  };
  return preparePlan(loaded, options, true);
}

function plannedStep(
  context: CliContext,
  { plan: thePlan, input }: { plan: Plan; input: PreparedRun['input'] },
  loaded: PlanFile,
  index: number,
  wave: number,
): PlannedStep {
  const { graph } = loaded;
  const step = thePlan.steps[index]!;
  const { action, cwd, locks } = expandStep(thePlan, step, { inputs: input.inputs, env: input.env });
  const subPlan = subPlanOf(action, loaded);
  const owner = graph.owners[index];
  return {
    id: step.id,
    name: step.name,
    wave,
    depends_on: (graph.dependencies[index] ?? []).map((dependency) => graph.ids[dependency]!),
    fallback_of: owner === undefined ? null : graph.ids[owner]!,
    finally: step.finally,
    ...foreseeStep(thePlan, step, input),
    action: action.type,
    command: action.type === 'approval' ? approvalText(action, step.timeout_sec) : commandLine(action, subPlan),
    sub_plan: subPlan,
    foreach: step.foreach ?? null,
    cwd: path.resolve(context.cwd, ...cwd),
    locks,
    timeout_sec: step.timeout_sec,
    retries: step.retry.retries,
    on_failure: step.on_failure,
    critical: step.critical,
    ...defined({ group: step.group }),
    weight: step.weight,
    tags: step.tags,
    selected: !(input.left_out ?? []).includes(step.id),
  };
}

function subPlanOf(action: StepAction, { path: from, subPlans }: PlanFile): PlannedStep['sub_plan'] {
  if (action.type !== 'plan') return null;
  const found = subPlans.get(resolvePlanPath(from, action.plan))!;
  return { file: action.plan, plan_id: found.plan_id, steps: found.steps.length };
}

function commandLine(action: Exclude<StepAction, { type: 'approval' }>, subPlan: PlannedStep['sub_plan']): string {
  switch (action.type) {
    case 'command':
      return [action.shell ? action.command : shellWord(action.command), ...action.args.map(shellWord)].join(' ');
    case 'shell':
      return action.script_file === undefined ? (action.script ?? '').trim() : `sh -e ${shellWord(action.script_file)}`;
    case 'powershell':
      return action.script.trim();
    case 'http':
      return `${action.method} ${action.url}`;
    case 'wait':
      return action.until === undefined ? `wait ${action.seconds} s` : `wait until ${action.until}`;
    case 'plan': {
      const { plan_id = '', steps = 0 } = subPlan ?? {};
      return `run ${shellWord(action.plan)} (${plan_id}, ${steps} ${steps === 1 ? 'step' : 'steps'})`;
    }
    case 'agent':
      return `${action.agent}${action.tier === undefined ? '' : ` (${action.tier})`}: ${firstLine(action.prompt ?? action.prompt_text ?? '')}`;
    case 'noop':
      return '';
    default:
      return action satisfies never;
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!;
}
