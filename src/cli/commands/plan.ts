import path from 'node:path';
import type { PreparedRun } from '../../client/prepare.js';
import { readNotes } from '../../formats/exec-manifest/index.js';
import { groupForDisplay } from '../../plan/graph/display-order.js';
import { levels } from '../../plan/graph/graph.js';
import { resolvePlanPath } from '../../plan/files/plan-path.js';
import { expandStep } from '../../plan/templates/expand-step.js';
import type { Plan, Step, StepAction } from '../../plan/model/plan.js';
import { EXIT, type CliContext } from '../context.js';
import type { FormatFlags } from '../options/format.js';
import { loadPlanFile, type PlanFile } from '../load-plan.js';
import { preparePlan } from '../prepare-plan.js';
import { readEnv, readInputs, readSelection, type InputOptions } from '../options/plan.js';
import { oneLine, printable } from '../render/format.js';
import { table } from '../render/table.js';
import { planManifest, renderManifest, type PlannedManifest } from '../render/manifest-plan.js';
import { defined } from '../../basics/defined.js';

interface PlanFlags extends InputOptions, FormatFlags {
  strict?: boolean;
  json?: boolean;
}

/** One step of the dry run. */
interface PlannedStep {
  id: string;
  name: string;
  wave: number;
  depends_on: string[];
  action: StepAction['type'];
  /** What runs, as one line for people. */
  command: string;
  /** The plan that it runs; null for other kinds of steps. */
  sub_plan: { file: string; plan_id: string; steps: number } | null;
  /** The items of its instances, or the expression that gives them. */
  foreach: Step['foreach'] | null;
  cwd: string;
  /** Locks of the step's own; those of the run come on top. */
  locks: string[];
  timeout_sec: number | 'none';
  retries: number;
  on_failure: Step['on_failure'];
  critical: boolean;
  group?: string;
  weight: number;
  tags: readonly string[];
  /** False where the selection leaves it out. */
  selected: boolean;
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
  const widest = Math.max(0, ...waves.map((wave) => wave.length));
  const summary = {
    plan_id: loaded.plan.plan_id,
    steps: loaded.plan.steps.length,
    waves: waves.length,
    max_parallelism: Math.min(widest, loaded.plan.globals.max_concurrency),
  };
  if (flags.json) {
    const ids = waves.map((wave) => wave.map((index) => loaded.graph.ids[index]));
    context.out(`${JSON.stringify({ ...summary, waves: ids, steps }, null, 2)}\n`);
  } else {
    context.out(render(context, summary, steps));
  }
  return EXIT.succeeded;
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
  return {
    id: step.id,
    name: step.name,
    wave,
    depends_on: (graph.dependencies[index] ?? []).map((dependency) => graph.ids[dependency]!),
    action: action.type,
    command: commandLine(action, subPlan),
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

function commandLine(action: StepAction, subPlan: PlannedStep['sub_plan']): string {
  switch (action.type) {
    case 'command':
      return [action.shell ? action.command : quote(action.command), ...action.args.map(quote)].join(' ');
    case 'shell':
      return action.script_file === undefined ? (action.script ?? '').trim() : `sh -e ${quote(action.script_file)}`;
    case 'powershell':
      return action.script.trim();
    case 'http':
      return `${action.method} ${action.url}`;
    case 'approval':
      return `wait for approval${action.approvers.length === 0 ? '' : ` by ${action.approvers.join(' or ')}`}`;
    case 'wait':
      return action.until === undefined ? `wait ${action.seconds} s` : `wait until ${action.until}`;
    case 'plan': {
      const { plan_id = '', steps = 0 } = subPlan ?? {};
      return `run ${quote(action.plan)} (${plan_id}, ${steps} ${steps === 1 ? 'step' : 'steps'})`;
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

/** As one would type it in a shell. */
function quote(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function render(
  context: CliContext,
  summary: { plan_id: string; steps: number; waves: number; max_parallelism: number },
  steps: readonly PlannedStep[],
): string {
  const { bold, dim } = context.outColors;
  const lines = [
    `${bold(oneLine(summary.plan_id))}: ${summary.steps} ${summary.steps === 1 ? 'step' : 'steps'} in ${summary.waves} ${summary.waves === 1 ? 'wave' : 'waves'}, at most ${summary.max_parallelism} at once`,
  ];
  for (let wave = 1; wave <= summary.waves; wave += 1) {
    lines.push(dim(`wave ${wave}`));
    const shown = groupForDisplay(steps.filter((step) => step.wave === wave)).flatMap(({ items }) => items);
    const rows = shown.map((step) => [
      `  ${step.id}`,
      step.depends_on.length === 0 ? '' : `after ${short(step.depends_on)}`,
      `${actionText(step)}${tagsText(step)}`,
    ]);
    lines.push(table(rows));
  }
  return `${lines.join('\n')}\n`;
}

function tagsText({ group, tags }: PlannedStep): string {
  const words = [...(group === undefined ? [] : [group]), ...tags];
  return words.length === 0 ? '' : `  [${words.join(', ')}]`;
}

function eachText({ foreach }: PlannedStep): string {
  if (foreach === null || foreach === undefined) return '';
  return typeof foreach === 'string' ? `for each of ${foreach}: ` : `for each of ${foreach.length}: `;
}

function short(ids: readonly string[]): string {
  return ids.length <= 4 ? ids.join(', ') : `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more`;
}

function actionText(step: PlannedStep): string {
  if (!step.selected) return '(not selected)';
  const [first = '', ...rest] = printable(`${eachText(step)}${step.command}`).split('\n');
  const text = first.length > 100 ? `${first.slice(0, 99)}…` : first;
  const held = step.locks.length === 0 ? '' : `  (locks ${step.locks.join(', ')})`;
  if (step.action === 'noop') return '(nothing to do)';
  return `${rest.length > 0 ? `${text} … (${rest.length + 1} lines)` : text}${held}`;
}
