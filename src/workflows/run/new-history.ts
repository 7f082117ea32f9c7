import {
  allHandlersFinished,
  CancellationScope,
  condition,
  log,
  makeContinueAsNewFunc,
  patched,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import { CARRIED_VERSION, type CarriedRun } from '../../contract/carried-run.js';
import type { RunInput } from '../../contract/run-input.js';
import { RUN_PLAN, type RunResult } from '../../contract/run-messages.js';
import { plain } from '../../contract/seal.js';
import type { CarriedStep } from '../../contract/step-task.js';
import { isRunEnd, snapshot, stepStates, type EngineEvent, type RunState, type StepState } from '../../engine/index.js';
import type { CheckedInput } from '../program/input.js';
import type { InFlight } from '../steps/in-flight.js';
import { entropyBytes } from '../steps/task-size.js';
import { carriedSteps } from './carried-steps.js';

/** A history of this length is long: a replay costs half a millisecond an event. */
const LONG = { events: 4_000, bytes: 4 * 1024 * 1024 };
/** Of a plan with more steps, reading them takes as long as replaying a thousand events. */
const MANY_STEPS = 20_000;
/**
 * From which part of it on a history is left at the next quiet moment, and from which on nothing waits for that any more:
 * what runs goes along.
 */
const LEAVES = {
  usual: { quiet: 1 / 2, noQuiet: 3 / 4 },
  manySteps: { quiet: 1 / 8, noQuiet: 1 / 4 },
  /** In runs of version 7. */
  manyStepsAt7: { quiet: 1 / 4, noQuiet: 1 / 2 },
  /** In runs of versions 5 and 6. */
  at4000: { quiet: 2 / 3, noQuiet: 1 },
  /** In runs of versions before 5, and where a limit was given, which only tests do. */
  after: { quiet: 1, noQuiet: 1.5 },
};
/** So much longer, starts are held until what cannot go along has ended. That may take days; but a history ends by force. */
const OVERDUE = 5;
/** So much longer, the run is ended: the service would do so by force soon after, and no `finally` would run. */
const FULL = 11;
/** Processes that go along at once: all of them are asked for again in one task. */
const MAX_PROCESSES = 500;
/**
 * Temporal lets an execution begin a second after the one before it at the earliest. A request that is refused in between
 * costs the next one the flags of its first task (SDK 1.24.0), and without these it cannot be replayed.
 */
const SHORTEST_MS = 1_000;
/** Temporal refuses an input of 2 MB. */
const MAX_INPUT_BYTES = 1_900_000;

type RunPlan = (input: RunInput) => Promise<RunResult>;

const ASKING = {
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumAttempts: 3 },
} as const;
const asking = {
  inHistory: proxyActivities<Pick<Activities, 'leaveHistory'>>({
    ...ASKING,
    summary: 'What goes along into a new history',
  }),
  /** As code before `asks-in-history` asked. */
  locally: proxyLocalActivities<Pick<Activities, 'leaveHistory'>>(ASKING),
};

/** What the change to a new history needs of the run. */
export interface LongRun {
  program: CheckedInput;
  input: RunInput;
  inFlight: InFlight;
  state: () => RunState;
  apply: (event: EngineEvent) => void;
  /** How many steps groups have ended in this history. */
  grouped: () => number;
  /** What goes along besides the state and what runs. */
  carry: () => Omit<CarriedRun, 'v' | 'plans' | 'state' | 'running'>;
  /** Lets what is about to end come to its end here. */
  rest: () => Promise<unknown> | undefined;
}

/**
 * Lets a run go on in a new history when its own becomes long. In a quiet moment, when nothing runs; where there is none,
 * with what runs: a process lives on, and the new history finds it by the folder of its try.
 */
export class NewHistory {
  /** Events below which there is no further try, after one that came to nothing. */
  private notBefore = 0;
  /** Whether steps of agents go along; once it is asked for, no other answer comes. */
  private agentsGo = false;
  /** When this history is left. */
  private readonly leaves: (typeof LEAVES)['usual'];
  /** Bytes that this history began with: what was carried here must not send the run on at once. */
  private readonly began = workflowInfo().historySize;
  /** Bytes that the next history would have to be told, where they are too many. */
  private tooLarge: number | undefined;
  /** While a local activity looks at what runs, nothing may ask `patched`. */
  private leaving = false;

  constructor(private readonly run: LongRun) {
    this.leaves = leavesAt(run.input, run.program.graph.ids.length);
  }

  /** Call it before anything is started: it holds starts where the run is about to go on elsewhere. */
  look(): void {
    const { state, apply, inFlight } = this.run;
    this.learn();
    const { quiet, noQuiet } = this.leaves;
    if (state().holding !== undefined || !this.isLonger(quiet)) return;
    const goes = inFlight.staying(this.agentsGo ? 'none' : 'all').length === 0 && this.hasRoom();
    const due = inFlight.size === 0 || this.isLonger(goes ? noQuiet : OVERDUE);
    // Last, for it looks at all steps.
    if (due && this.isPossible()) apply({ type: 'starts-held', held: true, at: Date.now() });
  }

  /** Whether an agent may begin another turn or gate: not where the run is about to go on elsewhere. */
  agentsMayGoOn(): boolean {
    this.learn();
    if (!this.agentsGo) return true;
    this.look();
    return this.run.state().holding === undefined;
  }

  /** Call it before a cancel: what is canceled ends in the history that has heard of it. */
  giveUp(): void {
    if (this.run.state().holding !== undefined) {
      this.run.apply({ type: 'starts-held', held: false, at: Date.now() });
    }
  }

  /** Whether the service is about to end the run. Older code let it come to that: asked where it has begun to matter. */
  mustEnd(): boolean {
    const { stop, phase } = this.run.state();
    return phase === 'main' && stop === undefined && !this.leaving && this.isFull() && patched('ends-when-full');
  }

  /** Whether the run can go on in a new history now. */
  ready(): boolean {
    const { state } = this.run;
    return state().holding !== undefined && this.isPossible() && this.allGoes();
  }

  /** Why starts are held, or what keeps the run from a new history, in words for people. */
  waitsFor(): string | undefined {
    if (this.run.state().holding === undefined) return this.stays();
    const staying = this.staying();
    const first = staying.slice(0, 3).join(', ');
    const more = staying.length > 3 ? `, and ${staying.length - 3} more` : '';
    return staying.length === 0
      ? 'starts nothing until it continues in a new history'
      : `starts nothing until it continues in a new history, for which ${first}${more} must end first`;
  }

  private stays(): string | undefined {
    const { stop, status } = this.run.state();
    if (this.tooLarge === undefined || stop !== undefined || isRunEnd(status)) return undefined;
    const mb = (this.tooLarge / 1e6).toFixed(1);
    return `has too much to carry into a new history (${mb} MB, mostly outputs that other steps read), and is ended with history_full at ${this.limit() * FULL} events`;
  }

  /** Goes on in a new history; returns only where that cannot be, or something came in between. */
  async goOn(): Promise<void> {
    const grown = this.grown();
    if (grown !== undefined) {
      await grown;
      if (!this.ready()) return;
    }
    const rest = this.run.rest();
    if (rest !== undefined) {
      await rest;
      if (!this.ready()) return;
    }
    let looked: Record<string, CarriedStep>;
    try {
      looked = await this.askWhatRuns();
    } catch (error) {
      if (!this.isHeld()) return;
      log.warn('The run stays in its history for now', { error });
      this.putOff();
      return;
    }
    await condition(allHandlersFinished);
    // A replay may hear of ends together with that answer, and then some steps are just about to end. Nothing starts
    // meanwhile, so the answer stays good.
    await condition(() => this.ready() || !this.isHeld());
    if (!this.ready()) return;
    const next = this.nextInput(looked);
    this.tooLarge = typeof next === 'number' ? next : undefined;
    if (typeof next === 'number') this.putOff();
    else await makeContinueAsNewFunc<RunPlan>({ workflowType: RUN_PLAN, memo: this.memo() })(next);
  }

  /**
   * Asks the worker, whose answer is an event of the history, and stands in one place of it for whoever reads it. That
   * of a local activity may come earlier in a replay than it came to the run: where the task that asked has answered a
   * query, too, Temporal splits it. What a replay had not heard by then, it then carried otherwise, or not at all.
   */
  private async askWhatRuns(): Promise<Record<string, CarriedStep>> {
    if (!patched('asks-in-history')) {
      this.leaving = true;
      return asking.locally.leaveHistory().finally(() => (this.leaving = false));
    }
    const scope = new CancellationScope();
    const answer = scope.run(() => asking.inHistory.leaveHistory());
    // It may wait for a worker that has room, and a run that is canceled meanwhile does not.
    await Promise.race([answer, condition(() => !this.isHeld())]);
    if (!this.isHeld()) scope.cancel();
    return answer;
  }

  private isHeld(): boolean {
    const { holding, status } = this.run.state();
    return holding !== undefined && !isRunEnd(status);
  }

  /** Nothing more starts in a run that is stopped: it has a short way to its end, and must end where it was stopped. */
  private isPossible(): boolean {
    const { input, program, state } = this.run;
    if (input.engine_version < 4 || program.carriedPlans === undefined) return false;
    const { status, stop, steps } = state();
    if (isRunEnd(status) || stop === 'run_canceled' || workflowInfo().historyLength < this.notBefore) return false;
    // One that is being stopped has heard of it in this history.
    return !stopsSome(steps);
  }

  /** Waits until the next history would begin at once, unless starts are let go before. */
  private grown(): Promise<unknown> | undefined {
    const { engine_version: version, history_events } = this.run.input;
    const left = SHORTEST_MS - (Date.now() - workflowInfo().startTime.getTime());
    if (version >= 7 && history_events === undefined && left > 0) return condition(() => !this.isHeld(), left);
    return undefined;
  }

  /** Whether all that is under way can go along. */
  private allGoes(): boolean {
    return this.staying().length === 0 && this.hasRoom();
  }

  /** What cannot go along now. */
  private staying(): string[] {
    return this.run.inFlight.staying(this.agentsGo ? 'busy' : 'all');
  }

  private hasRoom(): boolean {
    return this.run.inFlight.processes().length <= MAX_PROCESSES;
  }

  /** Whether this history was made by code that carries agents along: asked where it has begun to matter. */
  private learn(): void {
    if (this.agentsGo || this.leaving || !this.run.inFlight.hasAgents) return;
    if (this.isLonger(this.leaves.quiet) && this.isPossible()) this.agentsGo = patched('agents-go-along');
  }

  /** Whether a replay takes longer than that of so much of a long history. */
  private isLonger(factor: number): boolean {
    const { historyLength, historySize, continueAsNewSuggested } = workflowInfo();
    const { engine_version: version, history_events } = this.run.input;
    // A step of a group has no events of its own, and takes a replay nearly as long as one.
    const grouped = version >= 8 && history_events === undefined ? this.run.grouped() : 0;
    const bytes = version >= 8 ? historySize - this.began : historySize;
    if (historyLength + grouped >= this.limit() * factor || bytes >= LONG.bytes * factor) return true;
    return factor <= 1 && continueAsNewSuggested;
  }

  private isFull(): boolean {
    const { historyLength, historySize } = workflowInfo();
    return historyLength >= this.limit() * FULL || historySize >= LONG.bytes * FULL;
  }

  private putOff(): void {
    const { historyLength } = workflowInfo();
    this.notBefore = historyLength + this.limit() / 2;
    this.giveUp();
  }

  private limit(): number {
    return this.run.input.history_events ?? LONG.events;
  }

  /** @returns its size where it would be too large to travel */
  private nextInput(looked: Record<string, CarriedStep>): RunInput | number {
    const { program, input, inFlight, state, carry } = this.run;
    const plans = program.carriedPlans!;
    const rest: Omit<CarriedRun, 'v' | 'plans'> = {
      state: snapshot(state(), program.graph.ids, carriedSteps(program, state())),
      running: inFlight.processes(looked),
      ...carry(),
    };
    const { reused: _, ...known } = input;
    const { plan: __, plans: ___, carried: ____, ...small } = known;
    const bytes = plans.packed + packedAtMost(JSON.stringify({ ...rest, ...small }));
    if (bytes > MAX_INPUT_BYTES) {
      log.warn(`The run stays in its history: what the next one needs to know has ${bytes} bytes`);
      return bytes;
    }
    return { ...known, carried: { v: CARRIED_VERSION, plans, ...rest } };
  }

  private memo(): Record<string, unknown> {
    const { memo = {} } = workflowInfo();
    const began = { began_at: this.run.carry().created_at };
    return { ...Object.fromEntries(Object.entries(memo).map(([name, value]) => [name, plain(value)])), ...began };
  }
}

function leavesAt({ engine_version: version, history_events }: RunInput, steps: number): (typeof LEAVES)['usual'] {
  if (version < 5 || history_events !== undefined) return LEAVES.after;
  if (version < 7) return LEAVES.at4000;
  if (steps <= MANY_STEPS) return LEAVES.usual;
  return version < 8 ? LEAVES.manyStepsAt7 : LEAVES.manySteps;
}

function stopsSome(steps: readonly StepState[]): boolean {
  const [stopping, finishedAt] = [stepStates(steps, 'stopping'), stepStates(steps, 'finishedAt')];
  const { length } = steps;
  for (let step = 0; step < length; step += 1) {
    if (stopping(step) !== undefined && finishedAt(step) === undefined) return true;
  }
  return false;
}

function packedAtMost(text: string): number {
  return Math.min(text.length * 3, Math.ceil(entropyBytes(text) * 1.05));
}
