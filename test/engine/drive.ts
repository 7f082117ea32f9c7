import { decide, refusal, startRun, type EngineEvent, type Program, type RunState } from '../../src/engine/index.js';
import { report } from './programs.js';

/** A run driven by hand: the test says which step ends when, and how. */
export interface Drive {
  readonly state: RunState;
  /** Steps that were started and have not ended, in order of their start. */
  readonly running: readonly string[];
  /** Every step that was ever started. */
  readonly started: readonly string[];
  /** Steps that were asked to stop. */
  readonly stopping: readonly string[];
  readonly finished: string | undefined;
  end(id: string, status?: 'success' | 'warning' | 'failed' | 'canceled'): void;
  skip(id: string): string | undefined;
  cancelStep(id: string): string | undefined;
  cancel(): void;
  /** `status` or `status:reason` of each step. */
  statuses(): Record<string, string>;
}

export function drive(program: Program): Drive {
  const running: string[] = [];
  const started: string[] = [];
  const stopping: string[] = [];
  let finished: string | undefined;
  let clock = 0;
  let decision = startRun(program, clock);
  take(decision);

  function take({ commands }: typeof decision): void {
    for (const command of commands) {
      if (finished !== undefined) throw new Error('a command came after the run had finished');
      if (command.type === 'finish') finished = command.status;
      else if (command.type === 'start-step') {
        running.push(program.graph.ids[command.step]!);
        started.push(program.graph.ids[command.step]!);
      } else stopping.push(program.graph.ids[command.step]!);
    }
  }

  function send(event: EngineEvent): void {
    decision = decide(program, decision.state, event);
    take(decision);
  }

  function request(type: 'skip-requested' | 'step-cancel-requested', id: string): string | undefined {
    const step = program.graph.index.get(id)!;
    const refused = refusal(decision.state, { type, step });
    send({ type, step, at: (clock += 1) });
    return refused;
  }

  return {
    get state() {
      return decision.state;
    },
    running,
    started,
    stopping,
    get finished() {
      return finished;
    },
    end(id, status = 'success') {
      const at = running.indexOf(id);
      if (at < 0) throw new Error(`${id} does not run`);
      running.splice(at, 1);
      send({ type: 'step-ended', step: program.graph.index.get(id)!, report: report(status), at: (clock += 1) });
    },
    skip: (id) => request('skip-requested', id),
    cancelStep: (id) => request('step-cancel-requested', id),
    cancel: () => send({ type: 'run-cancel-requested', at: (clock += 1) }),
    statuses: () =>
      Object.fromEntries(
        decision.state.steps.map((step, i) => [
          program.graph.ids[i]!,
          step.reason === undefined ? step.status : `${step.status}:${step.reason}`,
        ]),
      ),
  };
}
