import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { CarriedRun } from '../../contract/carried-run.js';
import type { RunInput } from '../../contract/run-input.js';
import {
  decide,
  explain,
  isRunEnd,
  restore,
  startRun,
  type Beginning,
  type EngineCommand,
  type EngineEvent,
  type EngineTimer,
  type StepReport,
} from '../../engine/index.js';
import { provideDetails } from '../record/current-details.js';
import { firstCommands, resumption } from './first-commands.js';
import { hearForce } from './force-cancel.js';
import { readInput, readRunLocks, settledSteps } from '../program/input.js';
import { explainQuery, progressQuery, type Explanation, type RunResult } from '../../contract/run-messages.js';
import { createProgram } from '../program/program.js';
import { statusMemo } from '../record/status-memo.js';
import { openJournal } from '../record/journal.js';
import { runOutputs } from './run-outputs.js';
import { StepRunner } from '../steps/step-runner.js';
import { RunLocks } from './run-locks.js';
import { listenForSignals } from '../record/signals.js';
import { temporal } from '../temporal/temporal.js';
import { NewHistory } from './new-history.js';
import { startTimer } from './timers.js';
import { offerVerbs } from './verbs.js';
import { detailsTable, progressView, runResult } from './views.js';
import { createWaits } from './waits.js';
import { unreachable } from '../../basics/unreachable.js';
import { withoutStack } from '../../basics/without-stack.js';

/** Bytes of what the steps of a sub-plan say in its result: each stands in the history of the run above. */
const SUB_RESULT_BYTES = 16 * 1024;

/**
 * Runs a plan: hands what happens to the engine, and carries out what the engine decides.
 *
 * @returns the result of a run that succeeded.
 * @throws ApplicationFailure `InvalidPlan` for a bad input; `RunFailed`, with the {@link RunResult} as its first
 * detail, for a run that failed; CancelledFailure for one that was canceled.
 */
export async function runPlan(input: RunInput): Promise<RunResult> {
  const { workflowId, parent, startTime } = workflowInfo();
  const read = readInput(input);
  const checked = 'then' in read ? await read : read;
  // Only now: those that came while the plan was checked are among the early ones.
  const signals = listenForSignals();
  const program = createProgram(temporal, checked, input, workflowId);
  const runLocks = readRunLocks(program, input, workflowId);
  // A parent of all that runs: who starts a step (an update, say) must not be who cancels it. The engine says what stops.
  const scope = new CancellationScope({ cancellable: false });
  const ended = (step: number, report: StepReport): void => apply({ type: 'step-ended', step, report, at: Date.now() });
  const held = [...runLocks, ...(input.held_locks ?? [])];
  const onInstance = (step: number, index: number, report?: StepReport): void =>
    journal.instance(step, index, Date.now(), report);
  const { carried } = input;
  const runner: StepRunner = new StepRunner(temporal, program, input, {
    heldLocks: held,
    parent: scope,
    stateOf: () => state,
    apply,
    onInstance,
    mayStart() {
      history.look();
      return state.holding === undefined;
    },
  });
  const locks = new RunLocks(temporal, program, runLocks, apply);
  const waits = createWaits(program.plan, scope, ended);
  const beginning: Beginning =
    carried === undefined
      ? startRun(program, Date.now(), settledSteps(program, input))
      : { state: restore(carried.state, program.graph.ids), commands: [] };
  const { state } = beginning;
  const first =
    carried === undefined
      ? firstCommands(beginning, input.engine_version, carryOut)
      : resumption(() => resume(carried));
  const timers = new Map<EngineTimer, number>();
  const history = new NewHistory({
    program,
    input,
    inFlight: runner.inFlight,
    state: () => state,
    apply,
    carry: () => ({
      created_at: carried?.created_at ?? startTime.getTime(),
      events: journal.lastSeq(),
      timers: [...timers],
      waits: [...waits.ends],
      ...runner.carry(),
    }),
  });
  const journal = openJournal(program, input, state);
  const showStatus = statusMemo(input.engine_version > 1, carried === undefined ? 'running' : state.status);

  setHandler(
    progressQuery,
    (options) => progressView(workflowId, program, state, { since: options?.since, waitsFor: history.waitsFor() }),
    {
      description: 'What the run and its steps are doing; {"since": n} for what changed after version n',
    },
  );
  setHandler(explainQuery, (question) => explained(explain(program, state, question?.step), question?.step), {
    description: 'Why a step ran, waits, or ended as it did: {"step": "<id>"}',
  });
  provideDetails(() => detailsTable(program, state));
  offerVerbs({ program, signals, state: () => state, apply, asked: (note, at) => journal.asked(note, at) });
  const cancel = hearForce(signals, () => state, apply);
  signals.deliverEarly();
  CancellationScope.current().cancelRequested.catch(cancel);

  await CancellationScope.nonCancellable(async () => {
    first.carryOut();
    locks.take(scope, carried !== undefined && state.lock === undefined);
    for (;;) {
      await condition(() => isRunEnd(state.status) || locks.failure() !== undefined || history.ready());
      if (isRunEnd(state.status) || locks.failure() !== undefined) break;
      await history.goOn();
    }
    const failure = locks.failure();
    if (failure !== undefined) throw ApplicationFailure.nonRetryable(failure.message, 'InternalError');
    await locks.giveBack();
    await condition(allHandlersFinished);
    if (input.engine_version > 1 || patched('seal')) await journal.seal();
  });
  const room = parent === undefined ? undefined : SUB_RESULT_BYTES;
  return conclude({ ...runResult(workflowId, program, state, room), ...runOutputs(program, input, state, workflowId) });

  function apply(event: EngineEvent): void {
    first.beforeEvent();
    if (event.type === 'run-cancel-requested') history.giveUp();
    else if (event.type !== 'starts-held') history.look();
    const before = state.status;
    const todo = decide(program, state, event);
    showStatus(state.status);
    journal.took(event, before, state);
    carryOut(todo);
    if (event.type === 'run-cancel-requested' && event.force) runner.force();
  }

  /** Takes up what an earlier history of the run had under way. */
  function resume(before: CarriedRun): void {
    for (const [timer, at] of before.timers) setTimer(timer as EngineTimer, at);
    for (const [step, at] of before.waits) waits.start(step, at);
    state.steps.forEach(({ status }, step) => {
      if (status === 'running') runner.start(step);
    });
    apply({ type: 'starts-held', held: false, at: Date.now() });
  }

  function setTimer(timer: EngineTimer, at: number): void {
    timers.set(timer, at);
    startTimer(scope, at, () => {
      if (timers.get(timer) === at) timers.delete(timer);
      apply({ type: 'timer-fired', timer, at: Date.now() });
    });
  }

  function carryOut(todo: readonly EngineCommand[]): void {
    for (const command of todo) {
      switch (command.type) {
        case 'start-step':
          runner.start(command.step);
          break;
        case 'start-wait':
          waits.start(command.step);
          break;
        case 'stop-step':
          runner.stop(command.step);
          waits.stop(command.step);
          break;
        case 'continue-step':
          runner.proceed(command.step);
          break;
        case 'tell-step':
          runner.tell(command.step, command.said);
          break;
        case 'set-timer':
          setTimer(command.timer, command.at);
          break;
        case 'finish':
          break; // the state says so
        default:
          return unreachable(command);
      }
    }
  }
}

function conclude(result: RunResult): RunResult {
  if (result.status === 'canceled') throw new CancelledFailure('The run was canceled');
  if (result.status === 'succeeded') return result;
  const bad = result.steps.filter((step) => step.status === 'failed' || step.reason === 'operator');
  const named = bad.slice(0, 5).map((step) => `${step.id} (${step.reason ?? step.status})`);
  const more = bad.length > named.length ? `, and ${bad.length - named.length} more` : '';
  const what =
    bad.length === 0
      ? 'The run took longer than its run_timeout_sec'
      : `${bad.length} of ${result.steps.length} steps failed: ${named.join(', ')}${more}`;
  // steps failed, not this code
  throw withoutStack(
    ApplicationFailure.create({ type: 'RunFailed', nonRetryable: true, message: what, details: [result] }),
  );
}

function explained(found: Explanation | undefined, step: unknown): Explanation {
  if (found !== undefined) return found;
  const message = `The plan has no step '${String(step)}'`;
  throw ApplicationFailure.create({ type: 'Refused', nonRetryable: true, message });
}
