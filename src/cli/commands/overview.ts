import type { OrchClient } from '../../client/orch-client.js';
import type { RunSummary } from '../../client/types.js';
import { OrchError } from '../../client/errors.js';
import { connect } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { openRuns, waitingIn, type OpenRun, type Waiting } from '../open-work.js';
import type { LoopSummary } from '../../client/loop-types.js';
import { duration, oneLine } from '../render/format.js';
import { headLine } from '../render/progress.js';
import { isoTime } from '../render/run-json.js';
import { table } from '../render/table.js';

/** Runs of each kind that are shown; `orch list` has the others. */
const MOST_SHOWN = 10;

/** Runs that are looked at for those that failed lately, and what is lately. */
const MOST_LOOKED_AT = 50;
const LATELY_MS = 86_400_000;

const WHAT_TO_TYPE = `orch init FILE      write a plan to begin with
orch run PLAN       start a plan and follow it
orch status RUN     what a run does: its id, the beginning of it, its plan, or @last
orch --help         all commands
`;

/** `orch` alone: what waits for a person, what runs, and what to type. */
export async function overview(context: CliContext): Promise<number> {
  context.out(`${await whatIsOpen(context)}\n${WHAT_TO_TYPE}`);
  return EXIT.succeeded;
}

/** `orch list --waiting`. */
export async function waiting(context: CliContext, flags: { json?: boolean }): Promise<number> {
  const client = await connect(context, false);
  try {
    const found = (await openRuns(client)).flatMap(waitingIn);
    if (flags.json) {
      const rows = found.map(({ step, ...each }) => ({
        ...each,
        step: step?.id ?? null,
        since: isoTime(step?.started_at),
      }));
      context.out(`${JSON.stringify(rows, null, 2)}\n`);
    } else if (found.length === 0) context.note('nothing waits for a person\n');
    else context.out(waitingText(found));
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

async function whatIsOpen(context: CliContext): Promise<string> {
  try {
    const client = await connect(context, false);
    try {
      const loops = (await client.loops().list()).filter((loop) => loop.service_status === 'running');
      return `${renderOpen(context, await openRuns(client), loops)}${renderFailed(context, await failedLately(client))}`;
    } finally {
      await client.close();
    }
  } catch (error) {
    if (!(error instanceof OrchError) || error.code !== 'service_unreachable') throw error;
    return `Nothing runs: ${error.message[0]!.toLowerCase()}${error.message.slice(1)}.\n`;
  }
}

function renderOpen(context: CliContext, runs: readonly OpenRun[], loops: readonly LoopSummary[]): string {
  if (runs.length + loops.length === 0) return 'Nothing runs, and nothing waits for you.\n';
  const { bold } = context.outColors;
  const waiting = runs.flatMap(waitingIn);
  const asked = waiting.length === 0 ? '' : `${bold('Waits for a person')}\n${waitingText(waiting)}\n`;
  const rows = [...runs.map(runRow), ...loops.map(loopRow)];
  const left = rows.length - MOST_SHOWN;
  const more = left > 0 ? `  and ${left} more: \`orch list --open\`\n` : '';
  return `${asked}${bold('Open')}\n${indented(table(rows.slice(0, MOST_SHOWN)))}${more}`;
}

/** Plans whose last run has failed within a day: whoever comes in the morning should not have to ask. */
async function failedLately(client: OrchClient): Promise<RunSummary[]> {
  const since = Date.now() - LATELY_MS;
  const ended = (await client.list({ limit: MOST_LOOKED_AT })).filter((run) => (run.finished_at ?? 0) > since);
  const seen = new Set<string>();
  return ended.filter(({ plan_id, status }) => {
    const last = !seen.has(plan_id);
    seen.add(plan_id);
    return last && status === 'failed';
  });
}

function renderFailed(context: CliContext, failed: readonly RunSummary[]): string {
  if (failed.length === 0) return '';
  const rows = failed
    .slice(0, MOST_SHOWN)
    .map(({ run_id, finished_at }) => [run_id, `${duration(Date.now() - finished_at!)} ago`, `orch status ${run_id}`]);
  return `\n${context.outColors.bold('Failed in the last 24 hours')}\n${indented(table(rows))}`;
}

/** A line for each, and how it is answered below. */
function waitingText(waiting: readonly Waiting[]): string {
  return waiting
    .map(({ run_id, step, question, answers }) => {
      const name = [run_id, step?.id].filter(Boolean).join('  ');
      return `  ${name}: ${oneLine(question)}\n      ${answers.join('   or: ')}\n`;
    })
    .join('');
}

function runRow({ run, progress }: OpenRun): string[] {
  const how = progress === undefined ? 'no answer' : headLine(progress);
  return [run.run_id, run.status, how, duration(Date.now() - run.started_at)];
}

function loopRow({ loop_id, service_status, started_at }: LoopSummary): string[] {
  return [loop_id, service_status, 'loop', duration(Date.now() - started_at)];
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ').concat('\n');
}
