import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { noStep } from '../../plan/problems/no-step.js';
import { unreachable } from '../../basics/unreachable.js';
import type { CarriedRun } from '../../contract/carried-run.js';
import { unheardOf, type FailedNotification } from '../../contract/notify.js';
import type { RunInput } from '../../contract/run-input.js';
import { explainQuery, progressQuery, type Explanation } from '../../contract/run-messages.js';
import {
  decide,
  explain,
  isRunEnd,
  restore,
  startRun,
  stepStates,
  type Beginning,
  type EngineCommand,
  type EngineEvent,
  type EngineTimer,
  type RunState,
  type RunStatus,
  type StepReport,
} from '../../engine/index.js';
import { readRunLocks, settledSteps, type CheckedInput } from '../program/input.js';
import type { RunProgram } from '../program/program.js';
import { provideDetails } from '../record/current-details.js';
import { RunJournal } from '../record/journal.js';
import type { Signals } from '../record/signals.js';
import { statusMemo } from '../record/status-memo.js';
import type { ShortEnd } from '../steps/short-steps.js';
import { StepRunner } from '../steps/step-runner.js';
import { temporal } from '../temporal/temporal.js';
import { firstCommands, resumption, type FirstCommands } from './first-commands.js';
import { hearCancel } from './hear-cancel.js';
import { Intake } from './intake.js';
import { NewHistory } from './new-history.js';
import { Notifications } from './notifications.js';
import { RunLocks } from './run-locks.js';
import { startTimer } from './timers.js';
import { offerVerbs } from './verbs.js';
import { detailsTable, progressView } from './views.js';
import { createWaits, type Waits } from './waits.js';

/**
 * One run of a plan, in one of its histories: it hands what happens to the engine, and carries out what the engine
 * decides. Everything is made in the constructor, so that nothing that happens finds only a part of it.
 */
export class PlanRun {
  readonly state: RunState;
  /** A parent of all that runs: who starts a step (an update, say) must not be who cancels it. The engine says what stops. */
  private readonly scope = new CancellationScope({ cancellable: false });
  private readonly runner: StepRunner;
  private readonly locks: RunLocks;
  private readonly waits: Waits;
  private readonly timers = new Map<EngineTimer, number>();
  private readonly first: FirstCommands;
  private readonly history: NewHistory;
  private readonly journal: RunJournal;
  private readonly notifications: Notifications;
  private readonly intake = new Intake(() => this.runner);
  /** Whether the record ends only once people were told. */
  private endIsHeld = false;
  private readonly showStatus: (status: RunStatus) => void;

  constructor(
    private readonly program: CheckedInput & RunProgram,
    private readonly input: RunInput,
    private readonly signals: Signals,
  ) {
    const { workflowId } = workflowInfo();
    const { carried } = input;
    const runLocks = readRunLocks(program, input, workflowId);
    const beginning: Beginning =
      carried === undefined
        ? startRun(program, Date.now(), settledSteps(program, input))
        : { state: restore(carried.state, program.graph.ids), commands: [] };
    this.state = beginning.state;
    this.runner = this.makeRunner([...runLocks, ...(input.held_locks ?? [])]);
    this.locks = new RunLocks(temporal, program, runLocks, this.apply);
    this.waits = createWaits(program.plan, input.engine_version, this.scope, this.stepEnded);
    this.first =
      carried === undefined
        ? firstCommands(beginning, input.engine_version, (todo) => this.carryOut(todo))
        : resumption(() => this.resume(carried));
    this.history = this.makeHistory();
    this.journal = new RunJournal(program, input, this.state);
    this.notifications = new Notifications(temporal, {
      program,
      input,
      about: this.journal.about,
      state: () => this.state,
      scope: this.scope,
      told: (task, report) => this.journal.told(task, report, Date.now()),
    });
    this.showStatus = statusMemo(input.engine_version > 1, carried === undefined ? 'running' : this.state.status);
  }

  /** Lets others ask it, steer it and cancel it. */
  listen(): void {
    const { program, signals, state, apply, history, notifications } = this;
    const { workflowId } = workflowInfo();
    setHandler(
      progressQuery,
      (options) =>
        progressView(workflowId, program, state, {
          since: options?.since,
          waitsFor: history.waitsFor() ?? notifications.waitsFor(),
          failedNotifications: notifications.failed(),
          itemsOf: (step) => this.runner.itemsOf(step),
        }),
      {
        description: 'What the run and its steps are doing; {"since": n} for what changed after version n',
      },
    );
    setHandler(
      explainQuery,
      (question) => explained(this.explain(question?.step), question?.step, this.program.graph.ids),
      {
        description: 'Why a step ran, waits, or ended as it did: {"step": "<id>"}',
      },
    );
    provideDetails(() => detailsTable(program, state));
    offerVerbs({
      program,
      signals,
      state: () => state,
      apply,
      inTurn: (act) => this.intake.inTurn(act),
      asked: (note, at) => this.journal.asked(note, at),
    });
    const cancel = hearCancel(signals, () => state, apply);
    signals.deliverEarly();
    CancellationScope.current().cancelRequested.catch(cancel);
  }

  /** Runs it to its end, or to where it continues in a new history. Call it where no cancel comes in. */
  async toItsEnd(): Promise<void> {
    const { state, locks, history, input, notifications } = this;
    this.intake.takeIn(() => this.first.carryOut());
    notifications.begin();
    locks.take(this.scope, input.carried !== undefined && state.lock === undefined);
    for (;;) {
      await condition(() => isRunEnd(state.status) || locks.failure() !== undefined || history.ready());
      if (isRunEnd(state.status) || locks.failure() !== undefined) break;
      await history.goOn();
    }
    const failure = locks.failure();
    if (failure !== undefined) throw ApplicationFailure.nonRetryable(failure.message, 'InternalError');
    await locks.giveBack();
    if (this.endIsHeld) await this.tellOfEnd();
    await condition(allHandlersFinished);
    if (input.engine_version > 1 || patched('seal')) await this.journal.seal();
  }

  private holdEnd(): void {
    this.endIsHeld = this.notifications.delaysEnd;
    if (this.endIsHeld) this.journal.holdEnd();
  }

  /** Those of the end, too, are told of, and only then the record ends. */
  private async tellOfEnd(): Promise<void> {
    await this.notifications.end();
    this.journal.finish(Date.now());
  }

  private explain(step: unknown): Explanation | undefined {
    const found = explain(this.program, this.state, step);
    if (found === undefined) return undefined;
    return { ...found, lines: [...found.lines, ...unheardOf(this.notifications.failed(), found.step)] };
  }

  private makeRunner(heldLocks: readonly string[]): StepRunner {
    return new StepRunner(temporal, this.program, this.input, {
      heldLocks,
      parent: this.scope,
      stateOf: () => this.state,
      apply: this.apply,
      onInstance: (step, index, news, at = Date.now()) => this.journal.instance(step, index, at, news),
      mayStart: () => {
        this.history.look();
        return this.state.holding === undefined;
      },
      mayGoOn: () => this.history.agentsMayGoOn(),
      landed: this.landed,
      land: (take) => this.intake.land(take),
    });
  }

  /** Notifications that came to nothing, for the result. */
  failedNotifications(): readonly FailedNotification[] {
    return this.notifications.failed();
  }

  private makeHistory(): NewHistory {
    const { program, input, runner, timers, waits } = this;
    const createdAt = input.carried?.created_at ?? workflowInfo().startTime.getTime();
    return new NewHistory({
      program,
      input,
      inFlight: runner.inFlight,
      state: () => this.state,
      apply: this.apply,
      grouped: () => runner.grouped,
      carry: () => ({
        created_at: createdAt,
        events: this.journal.lastSeq,
        timers: [...timers],
        waits: [...waits.ends],
        ...runner.carry(),
        ...this.notifications.carry(),
      }),
      rest: () => this.notifications.rest(),
    });
  }

  private readonly stepEnded = (step: number, report: StepReport): void =>
    this.apply({ type: 'step-ended', step, report, at: Date.now() });

  private readonly apply = (event: EngineEvent): void =>
    this.intake.take(
      () => this.take(event),
      () => this.apply({ ...event, at: Date.now() }),
    );

  /** Short steps have ended, one after the other, or side by side; meanwhile nothing else was taken in. */
  private readonly landed = (ends: readonly ShortEnd[], begun: readonly number[]): void => {
    const now = Date.now();
    let at = this.intake.handedOutAt;
    this.intake.land(() =>
      ends.forEach(({ step, report }, i) => {
        at = Math.min(Math.max(at, report.finished_at ?? at), now);
        // Starts may only be held once all that was begun counts as started.
        const others = [...ends.slice(i + 1).map((end) => end.step), ...begun];
        const free = others.every((other) => this.state.steps[other]!.status !== 'pending');
        if (this.runner.settle(step)) this.take({ type: 'step-ended', step, report, at }, free);
      }),
    );
  };

  /** @param mayHold whether this is a moment at which starts may be held, or the run be ended for its length */
  private take(event: EngineEvent, mayHold = true): void {
    const { state, history } = this;
    this.first.beforeEvent();
    if (event.type === 'run-cancel-requested') history.giveUp();
    else if (event.type !== 'starts-held' && mayHold) history.look();
    const before = state.status;
    const todo = decide(this.program, state, event);
    this.showStatus(state.status);
    if (!isRunEnd(before) && isRunEnd(state.status)) this.holdEnd();
    this.journal.took(event, before, state);
    this.carryOut(todo);
    this.notifications.took(before, event.at);
    if (event.type === 'run-cancel-requested' && event.force) this.runner.force();
    // Not before it, and so not where starts are held before it: it may tell of the end of a step that this would end.
    if (event.type !== 'starts-held' && mayHold && history.mustEnd()) {
      this.apply({ type: 'history-full', at: Date.now() });
    }
  }

  /** Takes up what an earlier history of the run had under way. */
  private resume(before: CarriedRun): void {
    for (const [timer, at] of before.timers) this.setTimer(timer as EngineTimer, at);
    for (const [step, at] of before.waits) this.waits.start(step, at);
    const { steps } = this.state;
    const [statusOf, parkOf] = [stepStates(steps, 'status'), stepStates(steps, 'park')];
    for (let step = 0, { length } = steps; step < length; step += 1) {
      if (statusOf(step) === 'running' || parkOf(step) !== undefined) this.runner.start(step);
      // What ends by itself waits already.
      else if (statusOf(step) === 'waiting' && !this.waits.ends.has(step)) this.waits.start(step);
    }
    this.apply({ type: 'starts-held', held: false, at: Date.now() });
  }

  private setTimer(timer: EngineTimer, at: number): void {
    const { timers } = this;
    timers.set(timer, at);
    startTimer(this.scope, { at }, () => {
      if (timers.get(timer) === at) timers.delete(timer);
      this.apply({ type: 'timer-fired', timer, at: Date.now() });
    });
  }

  private carryOut(todo: readonly EngineCommand[]): void {
    for (const command of todo) {
      switch (command.type) {
        case 'start-step':
          this.runner.start(command.step);
          break;
        case 'start-wait':
          this.waits.start(command.step);
          break;
        case 'stop-step':
          this.runner.stop(command.step);
          this.waits.stop(command.step);
          break;
        case 'continue-step':
          this.runner.proceed(command.step);
          break;
        case 'tell-step':
          this.runner.tell(command.step, command.said);
          break;
        case 'set-timer':
          this.setTimer(command.timer, command.at);
          break;
        case 'finish':
          break; // the state says so
        default:
          return unreachable(command);
      }
    }
  }
}

function explained(found: Explanation | undefined, step: unknown, ids: readonly string[]): Explanation {
  if (found !== undefined) return found;
  throw ApplicationFailure.create({ type: 'Refused', nonRetryable: true, message: noStep(String(step), ids) });
}
