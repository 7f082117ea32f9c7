import { stepKind } from '../../plan/model/step-fields.js';
import {
  isEnd,
  stepStates,
  type Carrying,
  type Program,
  type RunState,
  type StepReport,
  type StepState,
} from '../../engine/index.js';

/** Characters of ends of output and messages of ended steps that go along together. The record has them all. */
const MAX_TEXT = 256 * 1024;
/** Changes that a follower of the run may be behind; one that is more so is told of all steps again. */
const MAX_BEHIND = 2_000;

/** The steps of a run as they go along to a new history: without what nobody reads any more. */
export function carriedSteps(program: Program, state: RunState): Carrying {
  const read = readByAgents(program, state);
  const oldest = Math.max(0, state.version - MAX_BEHIND);
  let room = MAX_TEXT;
  const lean = (step: StepState, index: number): StepState => {
    if (!isEnd(step.status) || step.report === undefined) return step;
    const keeps = read.has(index) || state.held.includes(index);
    const report = reportOf(step.report, keeps, () => room > 0);
    room -= textOf(report);
    return { ...step, report };
  };
  return { oldest, lean };
}

/** What people and expressions may still ask of a step that has ended: its times, host and attempts stand in the record. */
function reportOf(report: StepReport, keeps: boolean, hasRoom: () => boolean): StepReport {
  const { started_at: _, finished_at: __, host: ___, failed_attempts: ____, attempt: _____, ...kept } = report;
  if (keeps) return kept;
  const { stdout_tail, stderr_tail, ...rest } = kept;
  if (report.status === 'success') return rest;
  const tails = { ...(stdout_tail && { stdout_tail }), ...(stderr_tail && { stderr_tail }) };
  if (hasRoom()) return { ...rest, ...tails };
  return Object.keys(tails).length === 0 ? rest : { ...rest, cut: true };
}

function textOf({ message = '', stdout_tail = '', stderr_tail = '' }: StepReport): number {
  return message.length + stdout_tail.length + stderr_tail.length;
}

/** Steps whose last words go into the prompts of agents that have not ended: see `earlierWork`. */
function readByAgents({ plan, graph }: Program, state: RunState): Set<number> {
  const read = new Set<number>();
  const kindOf = stepKind(plan.steps);
  const add = (steps: readonly number[]): void => {
    for (const index of steps) {
      if (read.has(index)) continue;
      read.add(index);
      if (kindOf(index) === 'noop') add(graph.dependencies[index]!);
    }
  };
  const statusOf = stepStates(state.steps, 'status');
  for (let index = 0; index < state.steps.length; index += 1) {
    if (kindOf(index) !== 'agent' || isEnd(statusOf(index))) continue;
    const { action } = plan.steps[index]!;
    if (action.type !== 'agent' || action.context === undefined) continue;
    add(action.context.steps?.map((id) => graph.index.get(id)!) ?? graph.dependencies[index]!);
  }
  return read;
}
