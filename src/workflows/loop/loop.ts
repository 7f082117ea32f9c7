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
import { Loop } from './loop-data.js';
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
import { listenForSignals, type Signals } from '../record/signals.js';
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
  const run = new LoopRun(input);
  run.listen(signals);
  await CancellationScope.nonCancellable(() => run.toItsEnd());
  return run.conclude();
}

/** One run of a loop, as long as its history lasts. */
class LoopRun {
  private readonly loop: Loop;
  private readonly control: LoopControl;
  /** Of the turns: who stops the loop at once ends the turn under way, and nothing else. */
  private readonly scope = new CancellationScope({
    cancellable: true,
    parent: new CancellationScope({ cancellable: false }),
  });
  private status: LoopStatus = 'running';
  private failure: LoopFailure | undefined;
  private canceled = false;

  constructor(private readonly input: LoopInput) {
    this.loop = new Loop(input);
    this.control = { paused: input.carried.paused === true };
  }

  /** Lets others ask it, steer it and cancel it. */
  listen(signals: Signals): void {
    const { loop, control, scope } = this;
    setHandler(defineQuery<LoopView>(LOOP_VIEW), this.view, {
      description: 'The state of the loop, and what it is doing',
    });
    setHandler(
      defineQuery<readonly TurnRecord[], [{ after?: number }?]>(LOOP_TURNS),
      (q) => loop.turnsAfter(afterOf(q)),
      {
        description: 'The last turns and why they ran what they ran; {"after": n} for those after number n',
      },
    );
    setHandler(defineQuery<LoopInput>(LOOP_INPUT), this.resumed, {
      description: 'What a resumed loop is started with',
    });
    offerLoopVerbs(signals, control, this.view, () => scope.cancel());
    signals.deliverEarly();
    provideDetails(() => detailsOf(this.view(), loop.turnsAfter(0).slice(-20)));
    CancellationScope.current().cancelRequested.catch(() => {
      this.canceled = true;
      scope.cancel();
    });
  }

  /** Runs it until it has made its turns, or one failed, or somebody stopped it. Call it where no cancel comes in. */
  async toItsEnd(): Promise<void> {
    this.status = await this.runTurns();
    await condition(allHandlersFinished);
  }

  /** @throws what an end amounts to that is not a result */
  conclude(): LoopEnd {
    return conclude({ view: this.view(), input: this.resumed() }, this.failure);
  }

  private async runTurns(): Promise<LoopStatus> {
    const { loop, control } = this;
    for (;;) {
      if (this.canceled) return 'canceled';
      if (control.stop !== undefined) return 'stopped';
      if (!this.hasMore() && loop.state.phase === 'turn') return 'completed';
      if (control.paused) {
        await condition(() => !control.paused || control.stop !== undefined || this.canceled);
        continue;
      }
      const turn = await this.scope.run(() => takeTurn(loop));
      if (turn.end === 'failed') {
        this.failure = turn.failure;
        return this.canceled ? 'canceled' : 'failed';
      }
      if (turn.end === 'done' && this.noteTurn(turn.exit)) await this.goOn();
    }
  }

  /**
   * Notes that a turn went well.
   *
   * @param exit why the agent wants the loop to end with this turn
   * @returns whether the next turn is for a new history
   */
  private noteTurn(exit: string | undefined): boolean {
    const { loop, control } = this;
    if (exit !== undefined) control.stop ??= { reason: exit, now: false };
    if (!this.hasMore() || control.stop !== undefined) return false;
    if (loop.config.pause_between_turns) control.paused = true;
    return !this.canceled && isLong();
  }

  private hasMore(): boolean {
    const { config, state, lastIteration } = this.loop;
    return !nextTurn(config, state, lastIteration).done;
  }

  /** Between two turns nothing is pending, so nothing is lost. Does not return, unless somebody has just asked for a stop. */
  private async goOn(): Promise<void> {
    const { control, input, loop } = this;
    await condition(allHandlersFinished);
    if (control.stop !== undefined) return;
    const memo = Object.fromEntries(
      Object.entries(workflowInfo().memo ?? {}).map(([name, value]) => [name, plain(value)]),
    );
    const next = makeContinueAsNewFunc<typeof orchLoop>({ memo });
    await next({ ...input, carried: { ...loop.carry(), ...(control.paused ? { paused: true } : {}) } });
  }

  /** What it is started with where somebody resumes it. */
  private readonly resumed = (): LoopInput => ({ ...this.input, carried: this.loop.carry() });

  private readonly view = (): LoopView =>
    this.loop.view(this.statusNow(), defined({ failure: this.failure, stop_reason: this.control.stop?.reason }));

  private statusNow(): LoopStatus {
    const { status, control, loop } = this;
    if (status !== 'running') return status;
    if (control.stop !== undefined || this.canceled) return 'stopping';
    return control.paused && loop.phase === undefined ? 'paused' : 'running';
  }
}

function isLong(): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return historyLength >= MAX_EVENTS || continueAsNewSuggested;
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
