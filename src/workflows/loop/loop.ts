import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  defineQuery,
  makeContinueAsNewFunc,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { nextTurn } from '../../loop/turns.js';
import { provideDetails } from '../record/current-details.js';
import { offerLoopVerbs, type LoopControl } from './control.js';
import { readLoopInput } from './input.js';
import { createLoop, type Loop } from './loop-data.js';
import {
  LOOP_INPUT,
  LOOP_TURNS,
  LOOP_VIEW,
  type LoopEnd,
  type LoopFailure,
  type LoopInput,
  type LoopStatus,
  type LoopView,
  type TurnRecord,
} from '../../contract/loop-messages.js';
import { plain } from '../../contract/seal.js';
import { listenForSignals } from '../record/signals.js';
import { takeTurn } from './take-turn.js';
import { defined } from '../../basics/defined.js';
import { withoutStack } from '../../basics/without-stack.js';

/** Events of its history after which a loop continues as a new run: that costs little, and each replay stays short. */
const MAX_EVENTS = 600;

/**
 * Runs a supervisor/engineer loop: turn by turn, one at a time.
 *
 * A failed turn ends it, with the pointer where it was; so does a stop. Whoever resumes it starts it again with what
 * it carried.
 *
 * @returns where a loop stands that made its iterations, or was stopped.
 * @throws ApplicationFailure `InvalidLoop` for a bad input; `LoopFailed`, with the {@link LoopEnd} as its first
 * detail; CancelledFailure.
 */
export async function orchLoop(given: LoopInput): Promise<LoopEnd> {
  const read = readLoopInput(given);
  const input = 'then' in read ? await read : read;
  // Only now: those that came while the input was checked are among the early ones.
  const signals = listenForSignals();
  const loop = createLoop(input);
  const control: LoopControl = { paused: input.carried.paused === true };
  const scope = new CancellationScope({ cancellable: true, parent: new CancellationScope({ cancellable: false }) });
  let status: LoopStatus = 'running';
  let failure: LoopFailure | undefined;
  let canceled = false;
  const resumed = (): LoopInput => ({ ...input, carried: loop.carry() });
  const view = (): LoopView => loop.view(statusNow(), endFacts(failure, control));

  setHandler(defineQuery<LoopView>(LOOP_VIEW), view, { description: 'The state of the loop, and what it is doing' });
  setHandler(
    defineQuery<readonly TurnRecord[], [{ after?: number }?]>(LOOP_TURNS),
    (q) => loop.turnsAfter(afterOf(q)),
    {
      description: 'The last turns and why they ran what they ran; {"after": n} for those after number n',
    },
  );
  setHandler(defineQuery<LoopInput>(LOOP_INPUT), resumed, { description: 'What a resumed loop is started with' });
  offerLoopVerbs(signals, control, view, () => scope.cancel());
  signals.deliverEarly();
  provideDetails(() => detailsOf(view(), loop.turnsAfter(0).slice(-20)));
  CancellationScope.current().cancelRequested.catch(() => {
    canceled = true;
    scope.cancel();
  });

  await CancellationScope.nonCancellable(async () => {
    status = await runTurns();
    await condition(allHandlersFinished);
  });
  return conclude({ view: view(), input: resumed() }, failure);

  async function runTurns(): Promise<LoopStatus> {
    for (;;) {
      if (canceled) return 'canceled';
      if (control.stop !== undefined) return 'stopped';
      if (nextTurn(loop.config, loop.state, loop.lastIteration).done && loop.state.phase === 'turn') return 'completed';
      if (control.paused) {
        await condition(() => !control.paused || control.stop !== undefined || canceled);
        continue;
      }
      const turn = await scope.run(() => takeTurn(loop));
      if (turn.end === 'failed') {
        ({ failure } = turn);
        return canceled ? 'canceled' : 'failed';
      }
      if (turn.end === 'canceled') continue;
      if (turn.exit !== undefined) control.stop ??= { reason: turn.exit, now: false };
      const more = !nextTurn(loop.config, loop.state, loop.lastIteration).done;
      if (loop.config.pause_between_turns && more && control.stop === undefined) control.paused = true;
      if (more && control.stop === undefined && !canceled && isLong()) await goOn(input, loop, control);
    }
  }

  function statusNow(): LoopStatus {
    if (status !== 'running') return status;
    if (control.stop !== undefined || canceled) return 'stopping';
    return control.paused && loop.phase === undefined ? 'paused' : 'running';
  }
}

function isLong(): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return historyLength >= MAX_EVENTS || continueAsNewSuggested;
}

/** Between two turns nothing is pending, so nothing is lost. Does not return, unless somebody has just asked for a stop. */
async function goOn(input: LoopInput, loop: Loop, control: LoopControl): Promise<void> {
  await condition(allHandlersFinished);
  if (control.stop !== undefined) return;
  const memo = Object.fromEntries(
    Object.entries(workflowInfo().memo ?? {}).map(([name, value]) => [name, plain(value)]),
  );
  const next = makeContinueAsNewFunc<typeof orchLoop>({ memo });
  await next({ ...input, carried: { ...loop.carry(), ...(control.paused ? { paused: true } : {}) } });
}

function conclude(end: LoopEnd, failure: LoopFailure | undefined): LoopEnd {
  if (end.view.status === 'canceled') throw new CancelledFailure('The loop was canceled');
  if (failure === undefined) return end;
  const { iteration, actor, prompt, message, exit_code, log_dir } = failure;
  const code = exit_code === undefined ? '' : ` (exit code ${exit_code})`;
  const logs = log_dir === undefined ? '' : `; logs: ${log_dir}`;
  const text = `Iteration ${iteration}, ${actor}, ${prompt}: ${message}${code}${logs}`;
  // a turn failed, not this code
  throw withoutStack(
    ApplicationFailure.create({ type: 'LoopFailed', nonRetryable: true, message: text, details: [end] }),
  );
}

function endFacts(
  failure: LoopFailure | undefined,
  { stop }: LoopControl,
): { failure?: LoopFailure; stop_reason?: string } {
  return defined({ failure, stop_reason: stop?.reason });
}

function afterOf(question: unknown): number {
  const { after } = (question ?? {}) as { after?: unknown };
  return typeof after === 'number' ? after : 0;
}

function detailsOf(view: LoopView, turns: readonly TurnRecord[]): string {
  const head = `Iteration ${view.iteration} of ${view.last_iteration}, ${view.role}: ${view.status}`;
  const rows = turns.map(
    ({ iteration, role, prompt, agent, status, words }) =>
      `| ${[String(iteration), role, prompt, agent, status, words].map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`,
  );
  return [
    `**${head}**`,
    '',
    '| iteration | role | prompt | agent | status | last words |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
