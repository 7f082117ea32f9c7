import type { Colors } from 'picocolors/types.js';
import { groupForDisplay } from '../../plan/graph/display-order.js';
import type { Step, StepAction } from '../../plan/model/plan.js';
import type { Foreseen, NeededSecret } from '../../plan/templates/foresee.js';
import { counted, duration, oneLine, printable } from './format.js';
import { table } from './table.js';

/** Steps that are named where a secret is; the others are counted. */
const MOST_NAMED = 4;
/** Characters of what a step does. */
const MOST_SHOWN = 100;

/** What a run would be, as a whole. */
export interface PlanSummary {
  plan_id: string;
  steps: number;
  waves: number;
  max_parallelism: number;
  /** Those of the run; steps may have their own. */
  locks: string[];
  /** `set_here`: whether this shell has the variable; null for other sources. */
  secrets: (NeededSecret & { set_here: boolean | null })[];
}

/** One step of the dry run. */
export interface PlannedStep extends Foreseen {
  id: string;
  name: string;
  wave: number;
  depends_on: string[];
  /** The step that it stands in for, where that fails. */
  fallback_of: string | null;
  finally: boolean;
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

/** What a run would do, and what it needs, for people. */
export function renderDryRun(colors: Colors, summary: PlanSummary, steps: readonly PlannedStep[]): string {
  const { bold, dim } = colors;
  const lines = [`${bold(oneLine(summary.plan_id))}: ${shape(summary)}`, ...needs(summary)];
  for (let wave = 1; wave <= summary.waves; wave += 1) {
    const all = steps.filter((step) => step.wave === wave);
    const main = all.filter((step) => !step.finally);
    if (main.length > 0) lines.push(dim(`wave ${wave}`), rows(main));
  }
  const last = steps.filter((step) => step.finally);
  if (last.length > 0) lines.push(dim('finally, however the run ends'), rows(last));
  return `${lines.join('\n')}\n`;
}

function shape({ steps, waves, max_parallelism }: PlanSummary): string {
  return `${counted(steps, 'step')} in ${counted(waves, 'wave')}, up to ${max_parallelism} side by side`;
}

/** What the run takes and reads before and besides its steps. */
function needs({ locks, secrets, steps: all }: PlanSummary): string[] {
  return [
    ...locks.map((lock) => `lock    ${oneLine(lock)}, held from the first step to the last`),
    ...secrets.map((secret) => `secret  ${oneLine(secretText(secret, all))}`),
  ];
}

function secretText(
  { source, names, steps, set_here }: NeededSecret & { set_here: boolean | null },
  all: number,
): string {
  const by = `${names.join(', ')} of ${steps.length === all && all > 1 ? 'every step' : short(steps)}`;
  if (source.env !== undefined) {
    const missing = set_here === false ? ', not set in this shell' : '';
    return `${by}: from the variable ${source.env} of the worker${missing}`;
  }
  if (source.file !== undefined) return `${by}: from the file ${source.file} on the worker`;
  const { command = '' } = source;
  return `${by}: printed by \`${typeof command === 'string' ? command : command.join(' ')}\` on the worker`;
}

function rows(steps: readonly PlannedStep[]): string {
  const shown = groupForDisplay(steps).flatMap(({ items }) => items);
  return table(shown.map((step) => [`  ${step.id}`, whenText(step), `${actionText(step)}${tagsText(step)}`]));
}

function whenText({ depends_on, fallback_of }: PlannedStep): string {
  if (fallback_of !== null) return `if ${fallback_of} fails`;
  return depends_on.length === 0 ? '' : `after ${short(depends_on)}`;
}

function actionText(step: PlannedStep): string {
  if (!step.selected) return '(not selected)';
  const [first = '', ...rest] = printable(`${eachText(step)}${step.command}`).split('\n');
  const text = first.length > MOST_SHOWN ? `${first.slice(0, MOST_SHOWN - 1)}…` : first;
  const held = step.locks.length === 0 ? '' : `  (locks ${step.locks.join(', ')})`;
  const done = rest.length > 0 ? `${text} … (${rest.length + 1} lines)` : text;
  return `${step.action === 'noop' ? '(nothing to do)' : `${done}${held}`}${conditionText(step)}`;
}

/** Whether it runs, as far as that is known. */
function conditionText({ condition, skip_if }: PlannedStep): string {
  const skips = skip_if.find(({ value }) => value === true);
  if (skips !== undefined) return `  (skipped: ${oneLine(skips.text)})`;
  if (condition?.value === false) return `  (skipped, because this is false: ${oneLine(condition.text)})`;
  const open = [
    ...skip_if.filter(({ value }) => value === null).map(({ text }) => `unless ${oneLine(text)}`),
    ...(condition?.value === null ? [`only if ${oneLine(condition.text)}`] : []),
  ];
  return open.length === 0 ? '' : `  (${open.join('; ')})`;
}

function eachText({ foreach }: PlannedStep): string {
  if (foreach === null || foreach === undefined) return '';
  return typeof foreach === 'string' ? `for each of ${foreach}: ` : `for each of ${foreach.length}: `;
}

function tagsText({ group, tags }: PlannedStep): string {
  const words = [...(group === undefined ? [] : [group]), ...tags];
  return words.length === 0 ? '' : `  [${words.join(', ')}]`;
}

function short(ids: readonly string[]): string {
  return ids.length <= MOST_NAMED
    ? ids.join(', ')
    : `${ids.slice(0, MOST_NAMED - 1).join(', ')} and ${ids.length - MOST_NAMED + 1} more`;
}

/** Who is asked what, and what comes of no answer. */
export function approvalText(
  { message, approvers, default: standard }: { message?: string; approvers: readonly string[]; default: string },
  timeoutSec: number | 'none',
): string {
  const who = approvers.length === 0 ? 'anybody' : approvers.join(' or ');
  const late = timeoutSec === 'none' ? '' : `  (no answer within ${duration(timeoutSec * 1000)}: ${standard})`;
  return `asks ${who}${message === undefined ? '' : `: ${message}`}${late}`;
}
