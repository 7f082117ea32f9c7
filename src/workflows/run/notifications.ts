import { ApplicationFailure, type ActivityInterfaceFor } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import {
  NOT_DELIVERED,
  type CarriedNotify,
  type FailedNotification,
  type NotifyReport,
  type NotifyTask,
  type OpenNotification,
} from '../../contract/notify.js';
import type { RunAbout } from '../../contract/run-about.js';
import type { RunInput } from '../../contract/run-input.js';
import { isRunEnd, type RunState } from '../../engine/index.js';
import type { NotifyEvent } from '../../plan/model/notify.js';
import { globalsFiller } from '../../plan/templates/expand-step.js';
import { expandNotifier, notifierName } from '../../plan/templates/expand-notifier.js';
import { causeOf } from '../record/cause.js';
import type { RunProgram } from '../program/program.js';
import type { Scope, Temporal } from '../temporal/temporal.js';
import { asksFor, happenings, notificationOf, type Happening } from './notification.js';

/** Milliseconds for which it is tried to tell of something while the run goes on. */
const TRY_MS = 10 * 60_000;
/** The same at its end, which waits for it. */
const TRY_AT_END_MS = 2 * 60_000;
/** More than that the end of a run never waits. */
const END_MS = TRY_AT_END_MS + 10_000;
/** Before a run goes on in a new history, what is being told may come to its end here: that saves telling it again. */
const LEAVE_MS = 5_000;
/** Those that are being told at once: the service ends a run with 2,000 activities. */
const MOST_AT_ONCE = 100;
/** Events of a run that are told; what goes beyond is a plan that asks for ever. */
const MOST = 1_000;
const TOO_MANY = `a run sends notifications of ${MOST} events at most, besides its end; none is sent of this one and those after it`;
/** Failed ones that a run remembers. */
const REMEMBERED = 5;

/** What the notifications of a run need of it. */
export interface NotifyingRun {
  program: RunProgram;
  input: RunInput;
  about: RunAbout;
  state: () => RunState;
  /** What is told is no matter of who starts or ends a step. */
  scope: Scope;
  /** Hears how it went. */
  told: (task: Pick<NotifyTask, 'message' | 'to'>, report: NotifyReport) => void;
}

/** Somebody who is told of events of the run. */
interface Receiver {
  on: readonly NotifyEvent[];
  to: string;
}

/**
 * Tells people of what happens to a run, each by an activity of its own: it survives workers, and whatever comes of it
 * changes nothing but the record. Runs that nobody is to be told of have none of this, so their commands are as ever.
 */
export class Notifications {
  private readonly receivers: readonly Receiver[];
  private readonly open = new Map<string, OpenNotification>();
  private readonly queue: OpenNotification[] = [];
  private sendingNow = 0;
  private readonly failures: FailedNotification[];
  private readonly sending: Scope | undefined;
  private count: number;
  private begun = false;

  constructor(
    private readonly temporal: Temporal,
    private readonly run: NotifyingRun,
  ) {
    const { program, input } = run;
    const own = program.plan.globals.notify?.notifiers ?? [];
    this.receivers = [
      ...own.map((notifier) => ({ on: notifier.on, to: notifierName(notifier) })),
      ...(input.notify?.notifiers ?? []).map(({ on, name }) => ({ on, to: name })),
    ];
    if (this.receivers.length > 0) this.sending = temporal.scope(run.scope);
    const { count = 0, open = [], failed = [] } = input.carried?.notify ?? {};
    this.count = count;
    this.failures = [...failed];
    for (const each of open) this.send(each);
    if (input.carried === undefined) this.took('running', run.state().startedAt);
  }

  /** Sends what is to be told so far. Call it once the first commands of the run are out. */
  begin(): void {
    this.begun = true;
    this.sendNext();
  }

  /** The engine has taken something in; `before` is the run's status before that. */
  took(before: RunState['status'], at: number): void {
    if (this.receivers.length === 0) return;
    const { state, program } = this.run;
    for (const each of happenings(state(), before, at)) {
      if (each.step === undefined || asksFor(program, state(), each.step) !== undefined) this.tell(each);
    }
  }

  /** Whether the end of the run comes only after somebody was told, of that or of something before. */
  get delaysEnd(): boolean {
    const { status } = this.run.state();
    return (
      this.open.size > 0 || this.receivers.some(({ on }) => isRunEnd(status) && on.includes(status as NotifyEvent))
    );
  }

  /** Tells of the end of the run, and waits until all was told, or given up. */
  async end(): Promise<void> {
    const { status, finishedAt = Date.now() } = this.run.state();
    this.tell({ event: status as NotifyEvent, at: finishedAt });
    if (this.open.size === 0) return;
    if (await this.temporal.condition(() => this.open.size === 0, END_MS)) return;
    this.sending?.cancel();
    await this.temporal.condition(() => this.open.size === 0);
  }

  /**
   * Gives what is being told a moment to come to its end, before the run goes on in a new history; nothing, not even a
   * promise, where that is not needed.
   */
  rest(): Promise<unknown> | undefined {
    if (this.open.size === 0) return undefined;
    return this.temporal.condition(() => this.open.size === 0, LEAVE_MS);
  }

  /** What the end of the run waits for, in words for people. */
  waitsFor(): string | undefined {
    if (this.open.size === 0 || !isRunEnd(this.run.state().status)) return undefined;
    const names = [...new Set([...this.open.values()].map(({ notifier }) => this.receivers[notifier]!.to))];
    return `has ended, and is telling ${names.slice(0, 3).join(', ')}`;
  }

  /** The last ones that came to nothing. */
  failed(): readonly FailedNotification[] {
    return this.failures;
  }

  carry(): { notify?: CarriedNotify } {
    if (this.receivers.length === 0) return {};
    return { notify: { count: this.count, open: [...this.open.values()], failed: this.failures } };
  }

  private tell(what: Happening): void {
    const places = this.receivers.flatMap(({ on }, place) => (on.includes(what.event) ? [place] : []));
    if (places.length === 0) return;
    const isEnd = isRunEnd(this.run.state().status);
    if (this.count > MOST && !isEnd) return;
    this.count += 1;
    const { program, about, state } = this.run;
    const message = notificationOf(program, about, state(), what, this.count);
    for (const notifier of places) {
      const one = { notifier, message: { ...message, id: `${message.id}-${notifier}` }, since: Date.now() };
      if (this.count <= MOST || isEnd) this.send(one);
      else this.over(one, { ok: false, attempts: 0, reason: 'too_many', message: TOO_MANY });
    }
  }

  private send(what: OpenNotification): void {
    this.open.set(what.message.id, what);
    this.queue.push(what);
    this.sendNext();
  }

  private sendNext(): void {
    while (this.begun && this.sendingNow < MOST_AT_ONCE && this.queue.length > 0) {
      this.sendingNow += 1;
      void this.deliver(this.queue.shift()!);
    }
  }

  private async deliver(what: OpenNotification): Promise<void> {
    const report = await this.sending!.run(() => this.attempt(what)).catch(failureOf);
    this.open.delete(what.message.id);
    this.sendingNow -= 1;
    this.over(what, report);
    this.sendNext();
  }

  private over(what: OpenNotification, report: NotifyReport): void {
    const { message, notifier } = what;
    if (!report.ok) this.remember(what, report);
    this.run.told({ message, to: this.receivers[notifier]!.to }, report);
  }

  private async attempt({ message, notifier, since }: OpenNotification): Promise<NotifyReport> {
    const task = this.taskOf(message, notifier);
    const most = isRunEnd(message.status) ? TRY_AT_END_MS : TRY_MS;
    const left = Math.max(1_000, since + most - Date.now());
    return this.activities(left).notify.executeWithOptions(
      { activityId: `n:${message.id}`, summary: `Tells ${task.to} that it is ${message.event}`.slice(0, 200) },
      [task],
    );
  }

  private activities(ms: number): ActivityInterfaceFor<Pick<Activities, 'notify'>> {
    return this.temporal.activities<Pick<Activities, 'notify'>>({
      startToCloseTimeout: '2 minutes',
      scheduleToCloseTimeout: ms,
      heartbeatTimeout: '10 seconds',
      retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
    });
  }

  /** @throws ExpressionError where a template of the plan cannot be worked out */
  private taskOf(message: NotifyTask['message'], place: number): NotifyTask {
    const { program, input, about } = this.run;
    const { plan, allowance } = program;
    const own = plan.globals.notify?.notifiers ?? [];
    const base = input.base_dir === undefined ? [] : [input.base_dir];
    const task = { message, to: this.receivers[place]!.to, first_run_id: about.temporal_run_id };
    const notifier = own[place];
    if (notifier === undefined) {
      return { ...task, cwd: base, user: { file: input.notify!.file, place: place - own.length } };
    }
    const run = { id: about.run_id, attempt: 1 };
    const values = { prev: {}, run, ...(allowance === undefined ? {} : { allowance }) };
    const fill = globalsFiller(plan, { inputs: input.inputs, env: input.env, values });
    const { action, uses } = expandNotifier(notifier, fill);
    const { cwd } = plan.globals;
    const { secrets } = plan.globals.notify!;
    return {
      ...task,
      cwd: cwd === undefined ? base : [...base, fill(cwd)],
      action,
      ...(Object.keys(secrets).length > 0 && { secrets: { sources: secrets, uses } }),
    };
  }

  private remember({ message, notifier }: OpenNotification, report: Extract<NotifyReport, { ok: false }>): void {
    const { reason, message: why } = report;
    const step = message.step === null ? {} : { step: message.step.id };
    this.failures.push({ event: message.event, to: this.receivers[notifier]!.to, reason, message: why, ...step });
    if (this.failures.length > REMEMBERED) this.failures.shift();
  }
}

/** What Temporal, or this code, says of a notification that came to no end of its own. */
function failureOf(error: unknown): NotifyReport {
  const cause = causeOf(error);
  if (cause instanceof ApplicationFailure && cause.type === NOT_DELIVERED) {
    const [report] = (cause.details ?? []) as [NotifyReport?];
    if (report !== undefined) return report;
  }
  switch (cause.name) {
    case 'TimeoutFailure':
      return { ok: false, attempts: 0, reason: 'timeout', message: 'it could not be delivered in time' };
    case 'CancelledFailure':
      return { ok: false, attempts: 0, reason: 'timeout', message: 'it was given up, as the run has ended' };
    case 'ExpressionError':
      return { ok: false, attempts: 0, reason: 'expression_error', message: cause.message };
    default:
      return { ok: false, attempts: 0, reason: 'internal_error', message: cause.message };
  }
}
