import type { CancellationScope } from '@temporalio/workflow';
import type { StepReport } from '../../engine/index.js';
import type { Plan, Step } from '../../plan/model/plan.js';
import { startTimer } from './timers.js';

/** Steps that wait, for a time or for a person. */
export interface Waits {
  /** @param at when it ends, where an earlier history knows */
  start(step: number, at?: number): void;
  /** Those that end by themselves, with their times: milliseconds since the epoch. */
  readonly ends: ReadonlyMap<number, number>;
  /** Calls a wait off; nothing is reported for it any more. */
  stop(step: number): void;
}

/** Milliseconds of the timer of an approval that waits for as long as it takes: ten years. */
const FOR_SHOW_MS = 3650 * 24 * 60 * 60 * 1000;

/**
 * Durable waits: a timer each. That of an approval without a timeout ends nothing. It is there so that the question is seen
 * in Temporal's timeline, where a run has nothing else to show of it.
 */
export function createWaits(
  plan: Plan,
  version: number,
  parent: CancellationScope,
  onEnd: (step: number, report: StepReport) => void,
): Waits {
  const timers = new Map<number, CancellationScope>();
  const ends = new Map<number, number>();
  return {
    ends,
    start(index, known) {
      const step = plan.steps[index]!;
      const at = known ?? endOf(step);
      const summary = summaryOf(step);
      if (at === undefined) {
        if (version >= 5)
          timers.set(
            index,
            startTimer(parent, { at: Date.now() + FOR_SHOW_MS, summary }, () => {}),
          );
        return;
      }
      ends.set(index, at);
      const timer = startTimer(parent, { at, summary }, () => {
        timers.delete(index);
        ends.delete(index);
        onEnd(index, timedOut(step));
      });
      timers.set(index, timer);
    },
    stop(index) {
      timers.get(index)?.cancel();
      timers.delete(index);
      ends.delete(index);
    },
  };
}

/** When a wait ends by itself, in milliseconds since the epoch. */
function endOf({ action, timeout_sec }: Step): number | undefined {
  if (action.type === 'wait') {
    return action.until === undefined ? Date.now() + (action.seconds ?? 0) * 1000 : Date.parse(action.until);
  }
  return timeout_sec === 'none' ? undefined : Date.now() + timeout_sec * 1000;
}

/** As the Web UI shows the wait in its timeline. */
function summaryOf({ name, action }: Step): string {
  if (action.type !== 'approval') return `${name}: waits`;
  return action.message === undefined ? `${name}: asks for a decision` : `${name}: asks ${action.message}`;
}

function timedOut({ action, timeout_sec }: Step): StepReport {
  if (action.type !== 'approval') return { status: 'success', attempts: 0 };
  const message = `nobody decided within ${timeout_sec} s; the default is ${action.default}`;
  const outputs = { decision: action.default, by: null, comment: null };
  if (action.default === 'approve') return { status: 'success', attempts: 0, message, outputs };
  return { status: 'failed', reason: 'rejected', attempts: 0, message, outputs };
}
