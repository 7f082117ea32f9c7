import { isRunEnd, type EngineEvent, type Program, type RunState, type StepReport } from '../../engine/index.js';
import type { RunEvent, RunEventBody } from '../../contract/events.js';
import { EVENTS_VERSION } from '../../contract/events-version.js';
import type { NotifyReport, NotifyTask } from '../../contract/notify.js';
import { OUT_OF } from './out-of.js';
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

type Change = RunState['changes'][number];

/** Characters of what somebody sent along. */
const GIVEN_CHARS = 1000;

/** Turns what happens in a run into numbered events. It decides nothing and makes no commands. */
export class Recorder {
  private readonly recorded: RunEvent[] = [];
  private closed = false;
  /** The end of the run, while it waits for those who are told of it. */
  private end: { at: number; body: RunEventBody } | undefined;
  private holdsEnd = false;

  /**
   * @param emit takes the new events, once for each thing that happened
   * @param base number of the last event that stands in an earlier history of the run
   */
  constructor(
    private readonly program: Program,
    private readonly emit: (events: readonly RunEvent[]) => void,
    private readonly base: number = 0,
  ) {}

  /** All events of this history so far, in order. */
  get events(): readonly RunEvent[] {
    return this.recorded;
  }

  /** The run has begun. */
  began(facts: Omit<Extract<RunEventBody, { type: 'run-created' }>, 'type'>, state: RunState): void {
    const start: RunEventBody[] = [{ type: 'run-created', ...facts }, { type: 'run-started' }];
    this.add(state.startedAt, [...start, ...this.changesOf(state), ...this.runEvents('running', state)]);
  }

  /** The engine has taken an event in; `before` is the run's status before that. */
  took(event: EngineEvent, before: RunState['status'], state: RunState): void {
    const run = this.runEvents(before, state);
    // A run goes on before its steps do; it stands still, or ends, because of them.
    const steps = this.changesOf(state);
    const changed = state.status === 'running' ? [...run, ...steps] : [...steps, ...run];
    this.add(event.at, [...this.noted(event), ...changed]);
  }

  /** The end of the run stays back until {@link finish}: what comes before it is part of the record, too. */
  holdEnd(): void {
    this.holdsEnd = true;
  }

  /** Tells the end that was held back. */
  finish(at: number): void {
    const { end } = this;
    if (end === undefined) return;
    this.end = undefined;
    this.holdsEnd = false;
    const late = at > end.at ? { finished_at: new Date(end.at).toISOString() } : {};
    this.add(at, [{ ...end.body, ...late }]);
  }

  /** Somebody was told of something, or could not be. */
  told({ message, to }: Pick<NotifyTask, 'message' | 'to'>, report: NotifyReport, at: number): void {
    const { event, id, step } = message;
    const about = { event, to, id, attempts: report.attempts, ...(step === null ? {} : { step: step.id }) };
    if (report.ok) this.add(at, [{ type: 'notification-sent', ...about }]);
    else this.add(at, [{ type: 'notification-failed', ...about, reason: report.reason, message: report.message }]);
  }

  /** An operator asked for something. */
  asked({ verb, via, given, refusal }: VerbNote, at: number): void {
    this.add(at, [
      {
        type: 'operator-request',
        verb,
        via,
        accepted: refusal === undefined,
        ...(refusal === undefined ? {} : { message: refusal.slice(0, GIVEN_CHARS) }),
        ...textsOf(given, ['step', 'by', 'comment']),
      },
    ]);
  }

  /** An instance of a `foreach` started, ended with a report, or was taken over, with both. */
  instance(step: number, index: number, at: number, { item, report }: { item?: string; report?: StepReport }): void {
    const about = { step: this.idOf(step), instance: index };
    if (report === undefined) this.add(at, [{ type: 'step-started', ...about, ...defined({ item }) }]);
    else if (item !== undefined && (report.status === 'success' || report.status === 'warning')) {
      const { status, reason, message, outputs } = report;
      this.add(at, [{ type: 'step-succeeded', ...about, item, status, ...defined({ reason, message, outputs }) }]);
    } else this.add(at, [...attemptEvents(about, report), endEvent(about, { status: report.status, report }, true)]);
  }

  /** Nothing comes after the end of a run, so that whoever reads its record then reads all of it. */
  private add(at: number, given: readonly RunEventBody[]): void {
    const bodies = this.holdsEnd ? this.withoutEnd(at, given) : given;
    if (this.closed || bodies.length === 0) return;
    const time = new Date(at).toISOString();
    const last = this.base + this.recorded.length;
    const fresh = bodies.map((body, i): RunEvent => ({ v: EVENTS_VERSION, seq: last + i + 1, time, ...body }));
    for (const event of fresh) this.recorded.push(event);
    this.closed = fresh.at(-1)?.type === 'run-finished';
    this.emit(fresh);
  }

  private withoutEnd(at: number, bodies: readonly RunEventBody[]): readonly RunEventBody[] {
    const body = bodies.find(({ type }) => type === 'run-finished');
    if (body === undefined) return bodies;
    this.end = { at, body };
    return bodies.filter((each) => each !== body);
  }

  private changesOf(state: RunState): RunEventBody[] {
    return state.changes.flatMap((change) => this.changeOf(change, state));
  }

  private changeOf({ step: index, to }: Change, state: RunState): RunEventBody[] {
    const about = { step: this.idOf(index) };
    switch (to) {
      case 'pending':
        return [{ type: 'step-reopened', ...about }];
      case 'running':
        return [{ type: 'step-started', ...about }];
      case 'waiting': {
        const { action } = this.program.plan.steps[index]!;
        return [{ type: 'step-started', ...about, waits_for: action.type === 'approval' ? 'approval' : 'time' }];
      }
      case 'parked': {
        const { why, message, until } = state.steps[index]!.park!;
        const when = until === undefined ? {} : { until: new Date(until).toISOString() };
        return [{ type: 'step-parked', ...about, why, message: message.slice(0, GIVEN_CHARS), ...when }];
      }
      case 'continued':
        return [{ type: 'step-continued', ...about }];
      case 'recovered': {
        const fallback = this.program.graph.fallbacks[index];
        return [{ type: 'step-recovered', ...about, ...(fallback !== undefined && { fallback: this.idOf(fallback) }) }];
      }
      default:
        return this.endOf(index, to, state);
    }
  }

  /** A step has ended, maybe without having begun. */
  private endOf(index: number, to: RunState['steps'][number]['status'], state: RunState): RunEventBody[] {
    const step = state.steps[index]!;
    const about = { step: this.idOf(index) };
    const { action, foreach } = this.program.plan.steps[index]!;
    // An end that ran nothing of its own in this run has no attempts: its instances have, or another run.
    const ran = foreach === undefined && step.reason !== 'reused' && step.report !== undefined;
    const attempts = ran ? attemptEvents(about, step.report!) : [];
    const begun: RunEventBody[] =
      action.type === 'noop' && to === 'success' && step.reason === undefined
        ? [{ type: 'step-started', ...about }]
        : [];
    return [...begun, ...attempts, endEvent(about, { ...step, status: to }, ran)];
  }

  /** What is told of an event besides what it changed. */
  private noted(event: EngineEvent): RunEventBody[] {
    switch (event.type) {
      case 'run-cancel-requested':
        return [{ type: event.type, ...(event.force && { force: true }), ...defined({ by: event.by }) }];
      case 'lock-waited':
        return [{ type: event.type, ...this.aboutStep(event.step), lock: event.name, holder: event.holder }];
      case 'locks-held':
        return [{ type: event.type, ...this.aboutStep(event.step) }];
      case 'step-warned':
        return [{ type: event.type, step: this.idOf(event.step), message: event.message.slice(0, GIVEN_CHARS) }];
      case 'sub-run-started':
        return [{ type: 'step-sub-run-started', step: this.idOf(event.step), child_run_id: event.run_id }];
      default:
        return [];
    }
  }

  private runEvents(before: RunState['status'], state: RunState): RunEventBody[] {
    const { status } = state;
    if (status === before) return [];
    if (isRunEnd(status)) return [finished(state)];
    if (status === 'paused') return [{ type: 'run-paused' }];
    if (status === 'quarantined') {
      return [{ type: 'run-quarantined', held: state.held.map((index) => this.idOf(index)) }];
    }
    return [{ type: 'run-resumed' }];
  }

  /** Locks may be those of the run itself. */
  private aboutStep(step: number | undefined): { step?: string } {
    return step === undefined ? {} : { step: this.idOf(step) };
  }

  private idOf(step: number): string {
    return this.program.graph.ids[step]!;
  }
}

function finished(state: RunState): RunEventBody {
  const { status, stop, warnings, broken, canceledBy } = state;
  if (status === 'succeeded') return { type: 'run-finished', status, warnings };
  if (status === 'canceled') {
    const message = canceledBy === undefined ? undefined : `Canceled by ${canceledBy}`;
    return { type: 'run-finished', status, reason: 'run_canceled', ...defined({ message }), warnings };
  }
  if (broken === 0 && (stop === 'run_timeout' || stop === 'history_full')) {
    return { type: 'run-finished', status: 'failed', reason: stop, message: OUT_OF[stop], warnings };
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
