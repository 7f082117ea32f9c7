import { isRunEnd, type EngineEvent, type Program, type RunState, type StepReport } from '../../engine/index.js';
import type { RunEvent, RunEventBody } from '../../contract/events.js';
import { EVENTS_VERSION } from '../../contract/events-version.js';
import { attemptEvents, endEvent } from './step-events.js';
import { defined } from '../../basics/defined.js';

/** A steering verb as it came in. */
export interface VerbNote {
  verb: string;
  via: 'update' | 'signal';
  /** What was sent along, unchecked. */
  given: Readonly<Record<string, unknown>>;
  /** Why it was refused; absent where it was accepted. */
  refusal?: string;
}

/** Turns what happens in a run into numbered events. It decides nothing and makes no commands. */
export interface Recorder {
  /** All events of this history so far, in order. */
  readonly events: readonly RunEvent[];
  /** The run has begun. */
  began(facts: Omit<Extract<RunEventBody, { type: 'run-created' }>, 'type'>, state: RunState): void;
  /** The engine has taken an event in; `before` is the run's status before that. */
  took(event: EngineEvent, before: RunState['status'], state: RunState): void;
  /** An operator asked for something. */
  asked(note: VerbNote, at: number): void;
  /** An instance of a `foreach` started, or ended with a report. */
  instance(step: number, index: number, at: number, report?: StepReport): void;
}

/** Characters of what somebody sent along. */
const GIVEN_CHARS = 1000;

/**
 * Makes the recorder of a run.
 *
 * @param emit takes the new events, once for each thing that happened
 * @param base number of the last event that stands in an earlier history of the run
 */
export function createRecorder(
  program: Program,
  emit: (events: readonly RunEvent[]) => void,
  base: number = 0,
): Recorder {
  const events: RunEvent[] = [];
  const { plan } = program;
  let closed = false;

  return {
    events,
    began(facts, state) {
      const start: RunEventBody[] = [{ type: 'run-created', ...facts }, { type: 'run-started' }];
      add(state.startedAt, [...start, ...changesOf(state), ...runEvents('running', state)]);
    },
    took(event, before, state) {
      const run = runEvents(before, state);
      // A run goes on before its steps do; it stands still, or ends, because of them.
      const steps = changesOf(state);
      add(event.at, [...noted(event), ...(state.status === 'running' ? [...run, ...steps] : [...steps, ...run])]);
    },
    asked({ verb, via, given, refusal }, at) {
      add(at, [
        {
          type: 'operator-request',
          verb,
          via,
          accepted: refusal === undefined,
          ...(refusal === undefined ? {} : { message: refusal.slice(0, GIVEN_CHARS) }),
          ...textsOf(given, ['step', 'by', 'comment']),
        },
      ]);
    },
    instance(step, index, at, report) {
      const about = { step: program.graph.ids[step]!, instance: index };
      if (report === undefined) add(at, [{ type: 'step-started', ...about }]);
      else add(at, [...attemptEvents(about, report), endEvent(about, { status: report.status, report }, true)]);
    },
  };

  /** Nothing comes after the end of a run, so that whoever reads its record then reads all of it. */
  function add(at: number, bodies: readonly RunEventBody[]): void {
    if (closed || bodies.length === 0) return;
    const time = new Date(at).toISOString();
    const fresh = bodies.map((body, i): RunEvent => ({
      v: EVENTS_VERSION,
      seq: base + events.length + i + 1,
      time,
      ...body,
    }));
    for (const event of fresh) events.push(event);
    closed = fresh.at(-1)?.type === 'run-finished';
    emit(fresh);
  }

  function changesOf(state: RunState): RunEventBody[] {
    return state.changes.flatMap(({ step: index, to }): RunEventBody[] => {
      const step = state.steps[index]!;
      const about = { step: program.graph.ids[index]! };
      const { action, foreach } = plan.steps[index]!;
      switch (to) {
        case 'pending':
          return [{ type: 'step-reopened', ...about }];
        case 'running':
          return [{ type: 'step-started', ...about }];
        case 'waiting':
          return [{ type: 'step-started', ...about, waits_for: action.type === 'approval' ? 'approval' : 'time' }];
        case 'parked': {
          const { why, message, until } = step.park!;
          const when = until === undefined ? {} : { until: new Date(until).toISOString() };
          return [{ type: 'step-parked', ...about, why, message: message.slice(0, GIVEN_CHARS), ...when }];
        }
        case 'continued':
          return [{ type: 'step-continued', ...about }];
        case 'recovered': {
          const fallback = program.graph.fallbacks[index];
          return [
            { type: 'step-recovered', ...about, ...(fallback !== undefined && { fallback: plan.steps[fallback]!.id }) },
          ];
        }
        default: {
          // An end that ran nothing of its own in this run has no attempts: its instances have, or another run.
          const ran = foreach === undefined && step.reason !== 'reused' && step.report !== undefined;
          const attempts = ran ? attemptEvents(about, step.report!) : [];
          const begun: RunEventBody[] =
            action.type === 'noop' && to === 'success' && step.reason === undefined
              ? [{ type: 'step-started', ...about }]
              : [];
          return [...begun, ...attempts, endEvent(about, { ...step, status: to }, ran)];
        }
      }
    });
  }

  /** What is told of an event besides what it changed. */
  function noted(event: EngineEvent): RunEventBody[] {
    switch (event.type) {
      case 'run-cancel-requested':
        return [{ type: event.type, ...(event.force && { force: true }), ...defined({ by: event.by }) }];
      case 'lock-waited':
        return [{ type: event.type, ...aboutStep(event.step), lock: event.name, holder: event.holder }];
      case 'locks-held':
        return [{ type: event.type, ...aboutStep(event.step) }];
      case 'step-warned':
        return [
          { type: event.type, step: program.graph.ids[event.step]!, message: event.message.slice(0, GIVEN_CHARS) },
        ];
      case 'sub-run-started':
        return [{ type: 'step-sub-run-started', step: program.graph.ids[event.step]!, child_run_id: event.run_id }];
      default:
        return [];
    }
  }

  function aboutStep(step: number | undefined): { step?: string } {
    return step === undefined ? {} : { step: program.graph.ids[step]! };
  }

  function runEvents(before: RunState['status'], state: RunState): RunEventBody[] {
    const { status } = state;
    if (status === before) return [];
    if (isRunEnd(status)) return [finished(state)];
    if (status === 'paused') return [{ type: 'run-paused' }];
    if (status === 'quarantined') {
      return [{ type: 'run-quarantined', held: state.held.map((index) => program.graph.ids[index]!) }];
    }
    return [{ type: 'run-resumed' }];
  }
}

function finished(state: RunState): RunEventBody {
  const { status, stop, warnings, broken } = state;
  if (status === 'succeeded') return { type: 'run-finished', status, warnings };
  if (status === 'canceled') return { type: 'run-finished', status, reason: 'run_canceled', warnings };
  if (broken === 0 && stop === 'run_timeout') {
    const message = 'The run took longer than its run_timeout_sec';
    return { type: 'run-finished', status: 'failed', reason: 'run_timeout', message, warnings };
  }
  return { type: 'run-finished', status: 'failed', reason: 'steps_failed', warnings };
}

function textsOf<K extends string>(
  given: Readonly<Record<string, unknown>>,
  keys: readonly K[],
): Partial<Record<K, string>> {
  const texts: Partial<Record<K, string>> = {};
  for (const key of keys) {
    const value = given[key];
    if (typeof value === 'string') texts[key] = value.slice(0, GIVEN_CHARS);
  }
  return texts;
}
