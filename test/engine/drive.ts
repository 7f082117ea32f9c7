import {
  decide,
  explain,
  refusal,
  restore,
  snapshot,
  startRun,
  type EngineCommand,
  type EngineEvent,
  type EngineTimer,
  type OperatorRequest,
  type Park,
  type Program,
  type RunState,
  type PersonsAnswer,
} from '../../src/engine/index.js';
import type { ReusedReport } from '../../src/contract/step-result.js';
import type { RunSnapshot } from '../../src/contract/carried-run.js';
import { report } from './programs.js';

/** A step that has begun and waits without a slot. */
interface ParkedStep {
  why: Park['why'];
  /** What a person said to it. */
  told?: PersonsAnswer;
  /** It wants a slot again. */
  ready: boolean;
}

/** A run driven by hand: the test says which step ends when, and how. */
export interface Drive {
  readonly state: RunState;
  /** Steps that were started and have neither ended nor been parked, in order of their start. */
  readonly running: readonly string[];
  readonly parked: ReadonlyMap<string, ParkedStep>;
  /** Every step that was ever started. */
  readonly started: readonly string[];
  /** Steps that were asked to stop. */
  readonly stopping: readonly string[];
  readonly finished: string | undefined;
  end(id: string, status?: 'success' | 'warning' | 'failed' | 'canceled'): void;
  park(id: string, why: Park['why']): void;
  unpark(id: string): void;
  answer(id: string): string | undefined;
  skip(id: string, propagate?: boolean): string | undefined;
  cancelStep(id: string): string | undefined;
  retry(id: string): string | undefined;
  decide(id: string, answer: 'approve' | 'reject', by?: string): string | undefined;
  pause(): string | undefined;
  resume(): string | undefined;
  cancel(force?: boolean, by?: string): void;
  /** Timers that the engine asked for, by name, with their times. */
  readonly timers: ReadonlyMap<EngineTimer, number>;
  /** Lets a timer's time come. */
  fire(timer: EngineTimer): void;
  /** The run's history is full. */
  fill(): void;
  explain(id: string): readonly string[];
  /** `status` or `status:reason` of each step. */
  statuses(): Record<string, string>;
}

/**
 * @param observe is told of the start (without an event), and of every event once it was taken in
 * @param travels whether the run goes on in a new history after each event
 */
export function drive(
  program: Program,
  { leftOut = [], reused = {} }: { leftOut?: readonly string[]; reused?: Readonly<Record<string, ReusedReport>> } = {},
  observe: (state: RunState, event?: EngineEvent, before?: RunState['status']) => void = () => {},
  travels = false,
): Drive {
  const running: string[] = [];
  const started: string[] = [];
  const stopping: string[] = [];
  const parked = new Map<string, ParkedStep>();
  const timers = new Map<EngineTimer, number>();
  let finished: string | undefined;
  let clock = 0;
  const beginning = startRun(program, clock, {
    leftOut: new Set(leftOut.map((id) => program.graph.index.get(id)!)),
    reused: new Map(Object.entries(reused).map(([id, taken]) => [program.graph.index.get(id)!, taken])),
  });
  const { commands } = beginning;
  let { state } = beginning;
  observe(state);
  take(commands);

  function take(todo: readonly EngineCommand[]): void {
    for (const command of todo) {
      if (finished !== undefined) throw new Error('a command came after the run had finished');
      if (command.type === 'finish') finished = command.status;
      else if (command.type === 'set-timer') timers.set(command.timer, command.at);
      else takeStep(command, program.graph.ids[command.step]!);
    }
  }

  function takeStep(command: Extract<EngineCommand, { step: number }>, id: string): void {
    switch (command.type) {
      case 'start-step':
      case 'start-wait':
        running.push(id);
        started.push(id);
        break;
      case 'continue-step':
        if (parked.get(id)?.ready !== true) throw new Error(`${id} has a slot that it did not ask for`);
        parked.delete(id);
        running.push(id);
        break;
      case 'tell-step':
        if (!parked.has(id)) throw new Error(`${id} is told something and is not parked`);
        parked.get(id)!.told = command.said;
        break;
      case 'stop-step':
        stopping.push(id);
        // A wait that is stopped reports nothing any more; what is parked does.
        if (state.steps[command.step]!.status !== 'running' && !parked.has(id)) running.splice(running.indexOf(id), 1);
        break;
      default: {
        const never: never = command;
        throw new Error(`unknown command ${JSON.stringify(never)}`);
      }
    }
  }

  function send(event: EngineEvent): void {
    const before = state.status;
    if (travels) take(decide(program, state, { type: 'starts-held', held: true, at: clock }));
    const next = decide(program, state, event);
    observe(state, event, before);
    take(next);
    if (travels) travel();
  }

  function travel(): void {
    const packed = JSON.parse(JSON.stringify(snapshot(state, program.graph.ids))) as RunSnapshot;
    state = restore(packed, program.graph.ids);
    take(decide(program, state, { type: 'starts-held', held: false, at: clock }));
  }

  function request(wanted: OperatorRequest): string | undefined {
    const refused = refusal(program, state, wanted);
    send({ ...wanted, at: (clock += 1) });
    return refused;
  }

  const stepOf = (id: string): number => program.graph.index.get(id)!;

  return {
    get state() {
      return state;
    },
    running,
    started,
    stopping,
    get finished() {
      return finished;
    },
    parked,
    end(id, status = 'success') {
      const at = running.indexOf(id);
      if (at < 0 && !parked.has(id)) throw new Error(`${id} does not run`);
      if (at >= 0) running.splice(at, 1);
      parked.delete(id);
      send({ type: 'step-ended', step: program.graph.index.get(id)!, report: report(status), at: (clock += 1) });
    },
    park(id, why) {
      const at = running.indexOf(id);
      if (at < 0) throw new Error(`${id} does not run`);
      running.splice(at, 1);
      parked.set(id, { why, ready: false });
      send({ type: 'step-parked', step: stepOf(id), park: { why, message: why }, at: (clock += 1) });
    },
    unpark(id) {
      parked.get(id)!.ready = true;
      send({ type: 'step-unparked', step: stepOf(id), at: (clock += 1) });
    },
    answer: (id) => request({ type: 'answer', step: stepOf(id), text: 'words' }),
    skip: (id, propagate = false) => request({ type: 'skip', step: stepOf(id), propagate }),
    cancelStep: (id) => request({ type: 'cancel-step', step: stepOf(id) }),
    retry: (id) => request({ type: 'retry', step: stepOf(id) }),
    decide: (id, answer, by) =>
      request({ type: 'decide', step: stepOf(id), decision: answer, ...(by === undefined ? {} : { by }) }),
    pause: () => request({ type: 'pause' }),
    resume: () => request({ type: 'resume' }),
    cancel: (force = false, by) =>
      send({ type: 'run-cancel-requested', force, ...(by === undefined ? {} : { by }), at: (clock += 1) }),
    timers,
    fire(timer) {
      const at = timers.get(timer);
      if (at === undefined) throw new Error(`no timer ${timer} was set`);
      timers.delete(timer);
      clock = Math.max(clock, at);
      send({ type: 'timer-fired', timer, at: clock });
    },
    fill: () => send({ type: 'history-full', at: (clock += 1) }),
    explain: (id) => explain(program, state, id)?.lines ?? [],
    statuses: () =>
      Object.fromEntries(
        state.steps.map((step, i) => [
          program.graph.ids[i]!,
          step.reason === undefined ? step.status : `${step.status}:${step.reason}`,
        ]),
      ),
  };
}
