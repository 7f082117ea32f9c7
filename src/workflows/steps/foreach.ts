import type { StepReport } from '../../engine/index.js';
import type { Json } from '../../plan/model/values.js';
import { utf8Length } from '../../plan/templates/shared-env.js';
import type { Temporal } from '../temporal/temporal.js';
import { nextBegun, nextOf, type ListProgress } from './lists.js';
import type { Slots } from './slots.js';
import { defined } from '../../basics/defined.js';

/** Failed instances that the message names. */
const NAMED = 5;

/** A step whose instances are to be run. */
export interface ListOfSteps {
  id: string;
  /** Instances that run at once. */
  limit: number;
  /** Instances of one step; more belong into several steps, or into the step itself. */
  maxItems: number;
  slots: Slots;
  wanted: readonly string[];
  maxOutputBytes?: number;
  progress: ListProgress;
  /** Whether an instance has had a slot in an earlier history. */
  hasSlot: (index: number) => boolean;
  /** False while nothing may start. */
  mayStart: () => boolean;
}

/** Runs one instance per item, at most `limit` at a time, to the last; then tells how they went together. */
export async function runInstances(
  temporal: Temporal,
  items: readonly Json[],
  step: ListOfSteps,
  run: (item: Json, index: number) => Promise<StepReport>,
): Promise<StepReport> {
  const { progress, mayStart, maxItems } = step;
  if (items.length > maxItems) {
    const message = `ExpressionError: foreach over ${items.length} items; at most ${maxItems} are allowed`;
    return { status: 'failed', reason: 'expression_error', message, attempts: 0 };
  }
  const scope = temporal.currentScope();
  const next = (): number | undefined => (scope.consideredCancelled ? nextBegun(progress) : nextOf(progress, items));
  const lane = async (): Promise<void> => {
    for (let index = next(); index !== undefined; index = next()) {
      const item = index;
      progress.running.add(item);
      progress.reports[item] = await step.slots.run(() => run(items[item]!, item), step.hasSlot(item));
      progress.running.delete(item);
      if (!mayStart()) await temporal.condition(mayStart).catch(() => {}); // canceled: the loop sees that
    }
  };
  const lanes = Math.min(step.limit, step.slots.capacity, items.length);
  if (!scope.consideredCancelled || progress.begun.size > 0) await Promise.all(Array.from({ length: lanes }, lane));
  return fitting(together(step, items.length, progress.reports), step);
}

/** The lists that instances make together travel like what one step says, and they may be ten thousand times as long. */
function fitting(report: StepReport, { id, maxOutputBytes }: { id: string; maxOutputBytes?: number }): StepReport {
  const bytes = maxOutputBytes === undefined ? 0 : utf8Length(JSON.stringify(report.outputs ?? {}));
  if (maxOutputBytes === undefined || bytes <= maxOutputBytes) return report;
  const { outputs: _, ...rest } = report;
  if (report.status === 'failed' || report.status === 'canceled') return rest;
  const message = `OutputError: the outputs that expressions read of the instances of ${id} are ${bytes} bytes together, more than ${maxOutputBytes}; write large data to files and output their paths`;
  return { ...rest, status: 'failed', reason: 'output_invalid', message };
}

/** Failed if any failed, else warning if any warned, else success; outputs are lists in the order of the items. */
function together(
  { id, wanted }: { id: string; wanted: readonly string[] },
  count: number,
  reports: readonly (StepReport | undefined)[],
): StepReport {
  const known = Array.from({ length: count }, (_, i): StepReport => reports[i] ?? { status: 'canceled', attempts: 0 });
  const failed = known.flatMap((report, i) => (report.status === 'failed' ? [{ report, i }] : []));
  const worst = failed[0]?.report ?? known.find((report) => report.status === 'warning') ?? known[0];
  const outputs = Object.fromEntries(
    wanted.map((name) => [name, known.map((report) => report.outputs?.[name] ?? null)] as const),
  );
  const base: StepReport = {
    status: statusOf(known),
    attempts: Math.max(0, ...known.map((report) => report.attempts)),
    ...defined({ exit_code: worst?.exit_code, log_dir: worst?.log_dir }),
    outputs,
    ...agentsOf(known),
  };
  if (failed.length === 0) return base;
  const named = failed.slice(0, NAMED).map(({ report, i }) => `${id}[${i}] (${report.message ?? report.reason})`);
  const more = failed.length > NAMED ? `, and ${failed.length - NAMED} more` : '';
  return {
    ...base,
    reason: failed[0]!.report.reason ?? 'internal_error',
    message: `${failed.length} of ${count} instances failed: ${named.join(', ')}${more}`,
    ...(failed[0]!.report.stderr_tail === undefined ? {} : { stderr_tail: failed[0]!.report.stderr_tail }),
  };
}

/** What the agents of all instances cost; what each of them said stays with its instance. */
function agentsOf(reports: readonly StepReport[]): Pick<StepReport, 'agent'> {
  const agents = reports.flatMap(({ agent }) => agent ?? []);
  if (agents.length === 0) return {};
  const sum = (key: 'turns' | 'fix_rounds' | 'tokens' | 'cost_usd' | 'wall_sec'): number =>
    Math.round(agents.reduce((all, agent) => all + (agent[key] ?? 0), 0) * 1e6) / 1e6;
  return {
    agent: {
      name: [...new Set(agents.map(({ name }) => name))].join(', '),
      turns: sum('turns'),
      fix_rounds: sum('fix_rounds'),
      tokens: sum('tokens'),
      ...(agents.every(({ cost_usd }) => cost_usd === undefined) ? {} : { cost_usd: sum('cost_usd') }),
      wall_sec: sum('wall_sec'),
    },
  };
}

function statusOf(reports: readonly StepReport[]): StepReport['status'] {
  for (const status of ['canceled', 'failed', 'warning'] as const) {
    if (reports.some((report) => report.status === status)) return status;
  }
  return 'success';
}
