import type { RunResult, StepView } from '../../contract/run-messages.js';
import type { Styles } from '../terminal.js';
import { duration, forPeople } from './format.js';
import type { RerunOutlook } from '../rerun-outlook.js';
import { usageOf } from './run-json.js';
import { unheardLines } from './unheard.js';
import type { LogAddress } from '../log-links.js';
import { againLines, failureLines } from './what-next.js';

/** Steps that a line names. */
const MOST_NAMED = 3;

/** What is known of a run beside its result. */
export interface EndedAs {
  web_ui?: string | undefined;
  /** What a rerun would do. */
  outlook?: RerunOutlook | undefined;
  /** The file of its plan, as it was named. */
  planFile?: string | undefined;
  /** Where the logs of its steps are. */
  logs?: LogAddress | undefined;
}

/** How a run ended: counts, what failed and why, where to look, and how it is done again. */
export function renderSummary(colors: Styles, ended: RunResult, about: EndedAs = {}): string {
  const result = forPeople(ended);
  const word = { succeeded: colors.green, failed: colors.red, canceled: colors.magenta }[result.status];
  const lines = [
    `${colors.link(result.run_id, about.web_ui)} ${word(colors.bold(result.status))} in ${duration(result.finished_at - result.started_at)}: ${countText(result.steps)}${warningText(result)}`,
  ];
  lines.push(...failureLines(colors, result.run_id, result.steps, about.logs));
  const missed = result.status === 'succeeded' ? missedLines(result.steps) : [];
  lines.push(...missed);
  lines.push(...usageLines(result.steps));
  const cut = result.steps.filter((step) => step.cut).length;
  if (cut > 0)
    lines.push(
      `  ${cut} ${cut === 1 ? 'step has' : 'steps have'} more output than is shown here; \`orch export ${result.run_id}\` has all of it`,
    );
  lines.push(...(result.recommendations ?? []).map((each) => `  recommended  ${each}`));
  lines.push(...unheardLines(ended.failed_notifications));
  if (result.status !== 'succeeded' || missed.length > 0) lines.push(...againLines(result.run_id, about));
  if (about.web_ui !== undefined) lines.push(`  Web UI  ${about.web_ui}`);
  return `${lines.join('\n')}\n`;
}

/** Steps that were left out for a failure that did not fail the run: whoever sees only its status takes them for done. */
function missedLines(steps: readonly StepView[]): string[] {
  const missed = steps.filter(({ status, reason }) => status === 'skipped' && reason === 'dependency_failed');
  if (missed.length === 0) return [];
  const named = missed.slice(0, MOST_NAMED).map(({ id }) => id);
  const more = missed.length - named.length;
  const names = `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return [`  not run  ${names}: what came before failed, with \`critical: false\`, so the run still succeeded`];
}

/** What the agents of a run have cost, as a line for people; none where there are none. */
export function usageLines(steps: readonly StepView[]): string[] {
  const { usage } = usageOf(steps);
  if (usage === undefined) return [];
  const cost = usage.cost_usd === null ? '' : `, $${usage.cost_usd.toFixed(2)}`;
  return [`  agents  ${usage.tokens} tokens${cost}, ${duration(usage.wall_sec * 1000)}`];
}

/** How many steps ended in which way. */
export function countText(steps: readonly StepView[]): string {
  const order = ['success', 'warning', 'failed', 'skipped', 'canceled'] as const;
  const words = {
    success: 'succeeded',
    warning: 'with a warning',
    failed: 'failed',
    skipped: 'skipped',
    canceled: 'canceled',
  };
  const parts = order.flatMap((status) => {
    const count = steps.filter((step) => step.status === status).length;
    return count === 0 ? [] : [`${count} ${words[status]}`];
  });
  return parts.join(', ') || 'no steps';
}

function warningText({ warnings }: RunResult): string {
  return warnings === 0 ? '' : ` (${warnings} ${warnings === 1 ? 'warning' : 'warnings'})`;
}
