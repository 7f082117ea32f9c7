import type { GateFailure, TurnPrompt } from '../../contract/agent-turn.js';
import type { StepReport } from '../../engine/index.js';
import type { Gate } from '../../plan/model/agent.js';
import { parseExpectation, type Expectation } from '../../plan/check/gate-expectation.js';
import type { Temporal } from '../temporal/temporal.js';
import type { AgentStepContext, PieceReport } from './context.js';
import type { Turns } from './turn-loop.js';
import { defined } from '../../basics/defined.js';

/** What the gates and the review found. */
export type Found =
  | { ok: true }
  | { ok: false; message: string; again: NonNullable<TurnPrompt['again']> }
  /** Nobody has looked at the change: a person must say whether it is taken. */
  | { ok: false; message: string; unreviewed: true }
  /** The step ends: it was canceled, or the review could not be had. */
  | { report: StepReport };

/** Runs the gates, all of them; where they let it pass, the review. */
export async function runGates(context: AgentStepContext, turns: Turns): Promise<Found> {
  const { action, progress } = context;
  const gates = (progress.gates ??= { failures: [], results: [] });
  const { failures, results } = gates;
  for (const [index, gate] of action.verify.entries()) {
    if (index < results.length) continue; // in an earlier history
    const report = await runGate(context, turns, gate, index);
    context.landed({ step_id: gateId(context, index) });
    delete gates.number;
    if (report.status === 'canceled') return { report };
    const failure = failureOf(gate, report);
    results.push({ run: gate.run, message: failure?.message ?? 'it passed' });
    if (failure !== undefined) failures.push(failure);
  }
  if (failures.length > 0) {
    const message = `${failures[0]!.gate.run}: ${failures[0]!.message}`;
    return { ok: false, message, again: { kind: 'fix', gates: failures } };
  }
  if (action.review === undefined) return { ok: true };
  return review(context, turns, results);
}

async function review(
  { temporal, action }: AgentStepContext,
  turns: Turns,
  gates: readonly { run: string; message: string }[],
): Promise<Found> {
  const { prompt, criteria_file, max_diff_lines } = action.review!;
  const since = turns.last?.tree;
  const reviewed = await turns.review({
    ...defined({ prompt, criteria_file }),
    max_diff_lines,
    ...defined({ since }),
    gates,
  });
  if (!reviewed.answered) return noReview(temporal, action.review!.agent ?? action.agent, reviewed.report);
  const { verdict, note, message } = reviewed.turn;
  if (verdict === 'pass') return { ok: true };
  const words = message.trim() === '' ? (note ?? `the review says ${verdict}`) : message;
  const short = note ?? `the review says ${verdict}`;
  return { ok: false, message: `review: ${short}`, again: { kind: 'fix', gates: [], review: words } };
}

/** A reviewer that crashed, is not installed or takes too long has approved nothing; the work is there all the same. */
function noReview(temporal: Temporal, agent: string, report: PieceReport): Found {
  const isEnd = report.status === 'canceled' || report.reason === 'budget_exceeded';
  if (isEnd || !temporal.patched('unreviewed-escalates')) return { report };
  const why = report.message ?? String(report.reason);
  const message =
    `its work was not approved: the reviewer '${agent}' gave no verdict (${why}); ` +
    'retry asks it again. Name another reviewer with review.agent, for a manifest with --review-engine, ' +
    'or turn the review off with review: false, for a manifest with --no-review';
  return { ok: false, message, unreviewed: true };
}

async function runGate(context: AgentStepContext, turns: Turns, gate: Gate, index: number): Promise<PieceReport> {
  const { step, numbers, progress } = context;
  const id = gateId(context, index);
  const number = (progress.gates!.number ??= (numbers.get(id) ?? 0) + 1);
  numbers.set(id, number);
  const { expect, codes } = expectationOf(gate);
  const task = context.task(id, number - 1);
  const folder = turns.last?.worktree;
  const host = turns.last?.state_host;
  return context.execute(
    { ...step, timeout_sec: gate.timeout_sec },
    {
      ...task,
      action: { type: 'command', command: gate.run, args: [], shell: true },
      ...(folder === undefined ? {} : { cwd: [folder] }),
      ...(host === undefined ? {} : { carried: { failures: 0, first_started_at: Date.now(), host } }),
      timeout_sec: gate.timeout_sec,
      ...defined({ expect }),
      success_exit_codes: codes,
      warning_exit_codes: [],
      outputs: [],
    },
  );
}

function gateId({ id }: AgentStepContext, index: number): string {
  return `${id}~verify-${index + 1}`;
}

function expectationOf(gate: Gate): { expect?: Expectation; codes: number[] } {
  const expect = gate.expect === undefined ? { exit: 0 } : (parseExpectation(gate.expect) ?? { exit: 0 });
  return 'exit' in expect ? { codes: [expect.exit] } : { expect, codes: [0] };
}

function failureOf(gate: Gate, report: PieceReport): GateFailure | undefined {
  if (report.status === 'success' || report.status === 'warning') return undefined;
  return {
    gate,
    message: report.message ?? String(report.reason),
    stdout_tail: report.stdout_tail ?? '',
    stderr_tail: report.stderr_tail ?? '',
    ...defined({ log_dir: report.log_dir }),
  };
}
