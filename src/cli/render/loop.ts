import { plainMessage } from '../../basics/plain-message.js';
import type { Colors } from 'picocolors/types.js';
import type { LoopDescription } from '../../client/loop-types.js';
import type { LoopView, TurnRecord } from '../../contract/loop-messages.js';
import type { LogAddress } from '../log-links.js';
import type { Styles } from '../terminal.js';
import { duration, forPeople } from './format.js';

/** A turn that has ended, as one line. */
export function turnLine(colors: Colors, turn: TurnRecord): string {
  const { iteration, role, prompt, agent, status, words, duration_sec, commit, tokens, cost_usd } = forPeople(turn);
  const word =
    status === 'success' ? colors.green(status) : status === 'failed' ? colors.red(status) : colors.yellow(status);
  const took = duration_sec === undefined ? '' : ` ${duration(duration_sec * 1000)}`;
  const sent = commit === undefined ? '' : ` ${colors.dim(commit)}`;
  const used = [
    ...(cost_usd === undefined ? [] : [`$${cost_usd.toFixed(2)}`]),
    ...(tokens === undefined ? [] : [`${tokens} tokens`]),
  ];
  const cost = used.length === 0 ? '' : ` ${used.join(', ')}`;
  return `${word} iteration ${iteration} ${role.padEnd(10)} ${prompt} (${agent})${took}${cost}${sent}  ${words}\n`;
}

/** What a loop is doing now; empty where there is nothing to say. */
export function nowLine(described: LoopDescription): string {
  const { view, waits_for_worker: waits, last_words: words } = forPeople(described);
  if (view === undefined) return '';
  const where = `iteration ${view.iteration} of ${view.last_iteration}, ${view.role}`;
  if (waits !== undefined) {
    const how = waits.role === undefined ? '`orch worker`' : `\`orch loop worker --role ${waits.role}\``;
    return `${where}: waits for a worker on the queue ${waits.queue}; start one with ${how}`;
  }
  if (view.waits_for !== undefined) return `${where}: waits for ${view.waits_for}`;
  if (view.status === 'paused') return `${where}: paused; \`orch loop resume ${view.loop_id}\` continues`;
  if (view.phase === undefined) return '';
  const doing = { router: 'asks the router', turn: 'runs', pull: 'pulls', publish: 'publishes' }[view.phase];
  const what = view.prompt === undefined ? '' : ` ${view.prompt} (${view.agent ?? ''})`;
  const said = words === undefined ? '' : `: ${words}`;
  return `${where}: ${doing}${what}${said}`;
}

/** How a loop ended. */
export function loopSummary(colors: Styles, ended: LoopView, logs?: LogAddress): string {
  const view = forPeople(ended);
  const lines = [`${view.loop_id} ${colors.bold(view.status)} (${view.turns} ${view.turns === 1 ? 'turn' : 'turns'})`];
  const { failure } = view;
  if (failure !== undefined) {
    const code = failure.exit_code === undefined ? '' : `, exit code ${failure.exit_code}`;
    lines.push(
      `  iteration ${failure.iteration}, ${failure.role} (${failure.actor}), ${failure.prompt}, ${failure.phase}: ${failure.reason}${code}`,
      `  ${plainMessage(failure.message)}`,
    );
    const { log_dir } = failure;
    if (log_dir !== undefined) {
      const log = logs?.(view.loop_id, { id: failure.prompt, status: 'failed', log_dir });
      lines.push(`  logs  ${colors.link(log_dir, log)}`);
    }
  }
  if (view.stop_reason !== undefined) lines.push(`  stopped: ${view.stop_reason}`);
  for (const warning of view.warnings) lines.push(`  warning: ${warning}`);
  if (view.status === 'failed' || view.status === 'stopped' || view.status === 'canceled') {
    lines.push(`  next is iteration ${view.iteration}, ${view.role}:  orch loop resume ${view.loop_id}`);
  }
  return `${lines.join('\n')}\n`;
}
