import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { decide, refusal, startRun, type EngineCommand, type EngineEvent } from '../engine/index.js';
import { suggest } from '../plan/suggest.js';
import { provideDetails } from './current-details.js';
import { readInput, type RunInput } from './input.js';
import {
  cancelStepSignal,
  cancelStepUpdate,
  progressQuery,
  skipSignal,
  skipUpdate,
  type RunResult,
  type StepVerb,
  type VerbAccepted,
} from './messages.js';
import { createStepRunner } from './step-runner.js';
import { detailsTable, progressView, runResult } from './views.js';

type VerbEvent = 'skip-requested' | 'step-cancel-requested';

/**
 * Runs a plan: hands what happens to the engine, and carries out what the engine decides.
 *
 * @returns the result of a run that succeeded.
 * @throws ApplicationFailure `InvalidPlan` for a bad input; `RunFailed`, with the {@link RunResult} as its first
 * detail, for a run that failed; CancelledFailure for one that was canceled.
 */
export async function runPlan(input: RunInput): Promise<RunResult> {
  const program = readInput(input);
  const { workflowId } = workflowInfo();
  const runner = createStepRunner(program.plan, input, (step, report) => {
    apply({ type: 'step-ended', step, report, at: Date.now() });
  });
  let { state, commands } = startRun(program, Date.now());

  setHandler(progressQuery, (options) => progressView(workflowId, program, state, options?.since), {
    description: 'What the run and its steps are doing; {"since": n} for what changed after version n',
  });
  provideDetails(() => detailsTable(program, state));
  const skipHelp = 'Skips a step that has not started: {"step": "<id>", "by": "<who>"}';
  setHandler(skipUpdate, (verb) => accept('skip-requested', verb), {
    description: skipHelp,
    validator: (verb) => void check('skip-requested', verb),
  });
  setHandler(skipSignal, (verb) => acceptSignal('skip-requested', verb), { description: skipHelp });
  const cancelHelp = 'Stops a step, or cancels one that has not started: {"step": "<id>", "by": "<who>"}';
  setHandler(cancelStepUpdate, (verb) => accept('step-cancel-requested', verb), {
    description: cancelHelp,
    validator: (verb) => void check('step-cancel-requested', verb),
  });
  setHandler(cancelStepSignal, (verb) => acceptSignal('step-cancel-requested', verb), { description: cancelHelp });
  // The run's own scope never cancels activities by itself: the engine says which ones, and what they count as.
  CancellationScope.current().cancelRequested.catch(() => apply({ type: 'run-cancel-requested', at: Date.now() }));

  await CancellationScope.nonCancellable(async () => {
    carryOut(commands);
    await condition(() => state.status !== 'running');
    await condition(allHandlersFinished);
  });
  return conclude(runResult(workflowId, program, state));

  function apply(event: EngineEvent): void {
    if (state.status !== 'running') return;
    ({ state, commands } = decide(program, state, event));
    carryOut(commands);
  }

  function carryOut(todo: readonly EngineCommand[]): void {
    for (const command of todo) {
      if (command.type === 'start-step') runner.start(command.step);
      else if (command.type === 'stop-step') runner.stop(command.step);
    }
  }

  /** Finds the step that a verb means, or says why the verb is refused. */
  function check(type: VerbEvent, verb: StepVerb): number {
    const wanted: unknown = (verb as StepVerb | undefined)?.step;
    const word = type === 'skip-requested' ? 'skip' : 'cancel';
    if (typeof wanted !== 'string') throw refused(`Nothing to ${word}: send {"step": "<id>"}`);
    const index = program.graph.index.get(wanted);
    if (index === undefined) {
      const near = suggest(wanted, program.graph.ids);
      throw refused(`The plan has no step '${wanted}'${near === undefined ? '' : `; did you mean '${near}'?`}`);
    }
    const reason = state.status === 'running' ? refusal(state, { type, step: index }) : `the run has ${state.status}`;
    if (reason !== undefined) throw refused(`Cannot ${word} step '${wanted}': ${reason}`);
    return index;
  }

  function accept(type: VerbEvent, verb: StepVerb): VerbAccepted {
    const step = check(type, verb);
    apply({ type, step, ...(verb.by === undefined ? {} : { by: verb.by }), at: Date.now() });
    return { step: verb.step, status: state.steps[step]!.status };
  }

  /** A signal has no answer, so its refusal is written down instead. */
  function acceptSignal(type: VerbEvent, verb: StepVerb): void {
    try {
      accept(type, verb);
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      log.warn(error.message, { signal: type });
    }
  }
}

function refused(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'Refused', nonRetryable: true, message });
}

function conclude(result: RunResult): RunResult {
  if (result.status === 'canceled') throw new CancelledFailure('The run was canceled');
  if (result.status === 'succeeded') return result;
  const bad = result.steps.filter((step) => step.status === 'failed' || step.reason === 'operator');
  const named = bad.slice(0, 5).map((step) => `${step.id} (${step.reason ?? step.status})`);
  const more = bad.length > named.length ? `, and ${bad.length - named.length} more` : '';
  const error = ApplicationFailure.create({
    type: 'RunFailed',
    nonRetryable: true,
    message: `${bad.length} of ${result.steps.length} steps failed: ${named.join(', ')}${more}`,
    details: [result],
  });
  error.stack = ''; // steps failed, not this code
  throw error;
}
