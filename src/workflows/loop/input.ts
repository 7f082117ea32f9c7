import { ApplicationFailure, CancellationScope, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import { LOOP_VERSION, OLDEST_LOOP_VERSION, type LoopInput } from '../../contract/loop-messages.js';
import { loopInputProblems } from '../../loop/check-input.js';
import { whyNotRun } from '../program/versions.js';
import { withoutStack } from '../../basics/without-stack.js';

const { admitLoop } = proxyLocalActivities<Pick<Activities, 'admitLoop'>>({ startToCloseTimeout: '60 seconds' });

/** The version of loops from which on an activity checks them. */
const ADMITTED_SINCE = 2;

const LOOPS = { what: 'loop', name: 'loop version', oldest: OLDEST_LOOP_VERSION, newest: LOOP_VERSION };

/** What the check of a loop's input asks of Temporal. */
export interface LoopCheck {
  /** Whether the loop goes on from an earlier execution that continued as new: that one was checked. */
  continued(): boolean;
  /** Whether the loop has begun, and history is gone through again. */
  replaying(): boolean;
  admit(given: unknown): Promise<string[]>;
}

const temporal: LoopCheck = {
  continued() {
    const { continuedFromExecutionRunId, cronSchedule, attempt } = workflowInfo();
    return continuedFromExecutionRunId !== undefined && !cronSchedule && attempt === 1;
  },
  replaying: () => workflowInfo().unsafe.isReplaying,
  admit: (given) => CancellationScope.nonCancellable(() => admitLoop(given)),
};

/**
 * Checks what a loop was started with: anybody may start one. What is found stands in history, so that no stricter check
 * of a later orch touches a loop that is open.
 *
 * The value itself is what the loop goes by: what the check does not look at (settings of agents, records) is passed on
 * as it is.
 *
 * @throws ApplicationFailure of type `InvalidLoop`, not retryable. Error for a version that another orch runs: it fails
 * the task, not the loop, and Temporal tries again until a worker comes that can.
 */
export function readLoopInput(given: unknown, check: LoopCheck = temporal): LoopInput | Promise<LoopInput> {
  const version: unknown = (given as Partial<LoopInput> | null | undefined)?.loop_version;
  if (typeof version !== 'number' || !Number.isInteger(version)) {
    throw invalid([`loop_version: this worker runs ${OLDEST_LOOP_VERSION} to ${LOOP_VERSION}`]);
  }
  const other = whyNotRun(version, LOOPS);
  if (other !== undefined) throw new Error(other);
  if (check.continued()) return given as LoopInput;
  return version >= ADMITTED_SINCE ? admitted(given, check) : checkedHere(given, check);
}

async function admitted(given: unknown, check: LoopCheck): Promise<LoopInput> {
  return good(given, await check.admit(given));
}

/** As loops of before were checked, at once: a promise would change the order of what they do. */
function checkedHere(given: unknown, check: LoopCheck): LoopInput {
  return good(given, check.replaying() ? [] : loopInputProblems(given));
}

function good(given: unknown, problems: readonly string[]): LoopInput {
  if (problems.length === 0) return given as LoopInput;
  throw invalid(problems);
}

function invalid(problems: readonly string[]): ApplicationFailure {
  const message = `The loop cannot be started with this:\n${problems.join('\n')}`;
  // where in this code is of no use
  return withoutStack(ApplicationFailure.create({ type: 'InvalidLoop', nonRetryable: true, message }));
}
