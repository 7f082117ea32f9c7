import { isCancellation, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import { hostQueue } from '../../contract/names.js';
import type { AgentSummary, PersonsAnswer, StepReport } from '../../engine/index.js';
import type { TurnFacts, TurnPrompt } from '../../contract/agent-turn.js';
import type { Asked } from '../../contract/carried-agent.js';
import type { Json } from '../../plan/model/values.js';
import { runGates } from './gates.js';
import { Turns, type WorkedTurn } from './turn-loop.js';
import type { AgentStepContext } from './context.js';
import { defined } from '../../basics/defined.js';

const END_WORKTREE: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 5 },
};

/** Characters of an agent's words that a step keeps. */
const MESSAGE_CHARS = 8 * 1024;

/**
 * Runs an agent's step: a turn, then the gates and the review, then turns that fix what these found, until all is
 * well, a person is needed, or the step has failed. Never throws for an end that a step can have.
 */
export async function runAgentStep(context: AgentStepContext): Promise<StepReport> {
  const turns = new Turns(context);
  try {
    const report = await workUntilDone(context, turns);
    return await closeWorktree(context, turns, report);
  } catch (error) {
    if (isCancellation(error)) return ended({ status: 'canceled', attempts: context.attempts.count }, turns);
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return ended({ status: 'failed', reason: 'internal_error', message, attempts: context.attempts.count }, turns);
  } finally {
    turns.close();
  }
}

/**
 * The work of a step that has ended well is committed to its branch; that of others stays for people to look at. A step
 * whose branch lacks its work has not ended well.
 */
async function closeWorktree(
  { temporal, step, id, action }: AgentStepContext,
  turns: Turns,
  report: StepReport,
): Promise<StepReport> {
  const { worktree: dir, state_host: host, branch } = turns.last ?? {};
  if (action.worktree === undefined || dir === undefined || report.agent === undefined) return report;
  if (report.status !== 'success' && report.status !== 'warning') return report;
  const { workflowId } = temporal.info();
  const message = `${action.title ?? step.name}\n\nOrch-Run: ${workflowId}/${id}\n`;
  const summary = `Commits the work of ${id}, and removes its worktree`.slice(0, 200);
  const queue = host === undefined ? step.queue : hostQueue(host);
  const options = { summary, ...defined({ taskQueue: queue }) };
  const end = { dir, message, ...(branch && { branch }), ...(action.worktree.sign && { sign: true }) };
  let stays: string | undefined;
  let lacks: string | undefined;
  try {
    const activities = temporal.activities<Pick<Activities, 'endWorktree'>>(END_WORKTREE);
    ({ stays, lacks } = await activities.endWorktree.executeWithOptions(options, [end]));
  } catch (error) {
    if (isCancellation(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    if (temporal.patched('worktree-unknown')) lacks = why;
    else stays = why;
  }
  if (lacks !== undefined) {
    const where = branch === undefined ? 'its branch' : `its branch '${branch}'`;
    const words = `WorktreeError: ${where} may lack its work: ${lacks}; the worktree is ${dir}`;
    return { ...report, status: 'failed', reason: 'worktree', message: words };
  }
  const { worktree: _, ...agent } = report.agent;
  if (stays === undefined) return { ...report, agent };
  return { ...report, status: 'warning', message: `its worktree stays in ${dir}: ${stays}` };
}

async function workUntilDone(context: AgentStepContext, turns: Turns): Promise<StepReport> {
  const { action, progress } = context;
  for (;;) {
    // There is one where an earlier history has had its answer, or where only its review is tried again.
    const kept = progress.worked;
    const worked: WorkedTurn = kept === undefined ? await turns.work() : { answered: true, ...kept };
    delete progress.renewed;
    if (!worked.answered) return ended(worked.report, turns);
    const { report, turn } = worked;
    const { verdict, note, message } = turn;
    progress.worked = { report, turn };
    let { asked } = progress;
    if (asked !== undefined) {
      // an earlier history has asked
    } else if (verdict === 'question' || verdict === 'escalated') {
      asked = { why: verdict, text: note ?? lastLine(message) };
    } else {
      const found = await runGates(context, turns);
      delete progress.gates;
      delete progress.review;
      if ('report' in found) return ended(found.report, turns);
      if (found.ok) return ended({ ...report, turn }, turns);
      if ('unreviewed' in found) {
        asked = { why: 'escalated', text: found.message, unreviewed: true };
      } else if (progress.rounds_left > 0) {
        progress.rounds_left -= 1;
        progress.fix_rounds += 1;
        progress.again = found.again;
        delete progress.worked;
        continue;
      } else {
        const rounds = `${progress.fix_rounds} fix ${progress.fix_rounds === 1 ? 'round' : 'rounds'}`;
        asked = { why: 'escalated', text: `after ${rounds}: ${found.message}`, fix: found.again };
      }
    }
    progress.asked = asked;
    const said = await askPerson(context, asked);
    delete progress.asked;
    delete progress.wait;
    if ('report' in said) return ended({ ...said.report, turn }, turns);
    if (said.accepted !== undefined)
      return ended({ ...report, turn, status: 'warning', message: said.accepted }, turns);
    // Its work is done: only the review is tried again.
    if (!asked.unreviewed || said.said.kind === 'answer') delete progress.worked;
    progress.rounds_left = action.max_fix_rounds;
    progress.again = nextAfter(said.said, asked);
  }
}

/** What the agent is told after a person has said something. */
function nextAfter(said: PersonsAnswer, { why, fix }: Asked): NonNullable<TurnPrompt['again']> {
  const words = said.kind === 'answer' ? said.text : undefined;
  if (fix?.kind === 'fix') return { ...fix, ...defined({ words }) };
  if (words !== undefined) return { kind: 'answer', text: words };
  return {
    kind: 'resume',
    reason: why === 'question' ? 'nobody answered; continue as you think best' : 'try once more',
  };
}

type Answer =
  | { said: PersonsAnswer; accepted?: never }
  | { said: PersonsAnswer; accepted: string }
  | { report: StepReport };

async function askPerson(
  { action, parking, attempts }: AgentStepContext,
  { why, text }: { why: 'question' | 'escalated'; text: string },
): Promise<Answer> {
  const message = why === 'question' ? `it asks: ${text}` : `it needs a person: ${text}`;
  const said = await parking.forPerson({ why, message }, action.answer_timeout_sec);
  const failed = (reason: StepReport['reason'], words: string): Answer => ({
    report: { status: 'failed', reason: reason!, message: words, attempts: attempts.count },
  });
  if (said === undefined) {
    return failed(why, why === 'question' ? `nobody answered: ${text}` : `nobody took it over: ${text}`);
  }
  const by = said.by === undefined ? '' : ` by ${said.by}`;
  if (said.kind === 'approve') return { said, accepted: `accepted${by}, although ${message}` };
  if (said.kind !== 'reject') return { said };
  const comment = said.comment === undefined || said.comment === '' ? '' : `: ${said.comment}`;
  return failed('rejected', `rejected${by}${comment}`);
}

/** The step's end, with what all its turns came to. */
function ended(report: StepReport & { turn?: TurnFacts }, turns: Turns): StepReport {
  const { turn, ...rest } = report;
  const last = turn ?? turns.last;
  const { used, context } = turns;
  const summary: AgentSummary = {
    name: last?.agent ?? context.action.agent,
    ...defined({ verdict: last?.verdict }),
    ...(last === undefined || last.message === '' ? {} : { message: last.message.slice(-MESSAGE_CHARS) }),
    ...defined({
      session_id: last?.session_id,
      session_tokens: last?.session_tokens,
      session_cost_usd: last?.session_cost_usd,
    }),
    turns: turns.count,
    fix_rounds: context.progress.fix_rounds,
    tokens: used.tokens,
    ...(turns.costKnown ? { cost_usd: Math.round(used.cost_usd * 1e6) / 1e6 } : {}),
    wall_sec: Math.round(used.wall_sec * 1000) / 1000,
    ...defined({ branch: last?.branch, worktree: last?.worktree }),
  };
  const { failed_attempts: _, ...known } = rest;
  const { attempts } = context;
  return {
    ...known,
    ...(rest.status === 'success' && last?.verdict === 'warn' ? { status: 'warning' as const } : {}),
    ...(last?.note === undefined || rest.message !== undefined || last.verdict === 'pass'
      ? {}
      : { message: last.note }),
    attempts: attempts.count,
    ...(attempts.failed.length === 0 ? {} : { failed_attempts: attempts.failed }),
    agent: summary,
    ...outputsOf(summary, last, context.wanted),
  };
}

/** The outputs that some expression of the plan reads: what every agent has, and what its answer's schema names. */
function outputsOf(
  summary: AgentSummary,
  last: TurnFacts | undefined,
  wanted: readonly string[],
): Pick<StepReport, 'outputs'> {
  if (wanted.length === 0) return {};
  const { structured } = last ?? {};
  const isMap = typeof structured === 'object' && structured !== null && !Array.isArray(structured);
  const all: Record<string, unknown> = {
    ...(isMap ? (structured as Readonly<Record<string, Json>>) : {}),
    verdict: summary.verdict ?? null,
    message: summary.message ?? '',
    session_id: summary.session_id ?? null,
    tokens: summary.tokens,
    cost_usd: summary.cost_usd ?? null,
    branch: summary.branch ?? null,
  };
  const known = wanted.filter((name) => Object.hasOwn(all, name));
  return { outputs: Object.fromEntries(known.map((name) => [name, all[name]])) as NonNullable<StepReport['outputs']> };
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
