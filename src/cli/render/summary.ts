import type { Colors } from 'picocolors/types.js';
import type { RunResult, StepView } from '../../contract/run-messages.js';
import { duration, forPeople } from './format.js';
import { usageOf } from './run-json.js';

/** Failed steps whose output the summary shows, and the lines of each. */
const SHOWN_FAILURES = 5;
const SHOWN_LINES = 10;

/** How a run ended: counts, what failed and why, and where to look. */
export function renderSummary(colors: Colors, ended: RunResult, webUi?: string): string {
  const result = forPeople(ended);
  const word = { succeeded: colors.green, failed: colors.red, canceled: colors.magenta }[result.status];
  const lines = [
    `${result.run_id} ${word(colors.bold(result.status))} in ${duration(result.finished_at - result.started_at)}: ${countText(result.steps)}${warningText(result)}`,
  ];
  const failed = result.steps.filter((step) => step.status === 'failed' && !step.recovered);
  for (const step of failed.slice(0, SHOWN_FAILURES)) lines.push(...failureLines(colors, step));
  const more = failed.length - SHOWN_FAILURES;
  if (more > 0) lines.push(`  … and ${more} more failed ${more === 1 ? 'step' : 'steps'}`);
  lines.push(...usageLines(result.steps));
  const cut = result.steps.filter((step) => step.cut).length;
  if (cut > 0)
    lines.push(
      `  ${cut} ${cut === 1 ? 'step has' : 'steps have'} more output than is shown here; \`orch export ${result.run_id}\` has all of it`,
    );
  lines.push(...(result.recommendations ?? []).map((each) => `  recommended  ${each}`));
  if (webUi !== undefined) lines.push(`  Web UI  ${webUi}`);
  return `${lines.join('\n')}\n`;
}

/** What the agents of a run have cost, as a line for people; none where there are none. */
export function usageLines(steps: readonly StepView[]): string[] {
  const { usage } = usageOf(steps);
  if (usage === undefined) return [];
  const cost = usage.cost_usd === null ? '' : `, $${usage.cost_usd.toFixed(2)}`;
  return [`  agents  ${usage.tokens} tokens${cost}, ${duration(usage.wall_sec * 1000)}`];
}

function countText(steps: readonly StepView[]): string {
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

function failureLines(colors: Colors, step: StepView): string[] {
  const tail = step.stderr_tail || step.stdout_tail || '';
  const output = tail.trimEnd().split('\n').slice(-SHOWN_LINES);
  return [
    `  ${colors.red('failed')}  ${step.id}: ${[step.reason, step.message].filter(Boolean).join(': ')}`,
    ...(tail === '' ? [] : output.map((line) => `    ${colors.dim('|')} ${line}`)),
    ...(step.log_dir === undefined ? [] : [`    logs  ${step.log_dir}`]),
  ];
}
