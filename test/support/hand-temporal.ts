import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  RetryState,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { ActivityCancellationType, type ActivityInterfaceFor, type ActivityOptions } from '@temporalio/workflow';
import type { RunInput } from '../../src/contract/run-input.js';
import type { RunResult } from '../../src/contract/run-messages.js';
import type { ChildRun, Scope, Temporal } from '../../src/workflows/temporal/temporal.js';

type Wait = { resolve: (value: never) => void; reject: (error: unknown) => void };

/** An activity, a timer or a sub-run that somebody has asked for, and that the test ends. */
export class Asked {
  /** Whether it was asked to stop. */
  canceled = false;
  /** When it was asked for. */
  readonly at = Date.now();

  constructor(
    private readonly hand: HandTemporal,
    readonly name: string,
    readonly args: readonly unknown[],
    readonly options: Readonly<Record<string, unknown>>,
    private readonly wait: Wait,
  ) {}

  /** Ends it well, and waits for all that comes of it. */
  async ends(result?: unknown): Promise<void> {
    this.hand.over(this);
    this.wait.resolve(result as never);
    await this.hand.settled();
  }

  async fails(error: unknown): Promise<void> {
    this.hand.over(this);
    this.wait.reject(error);
    await this.hand.settled();
  }
}

const scopes = new AsyncLocalStorage<HandScope>();

/** Behaves as Temporal's own scopes do. */
class HandScope implements Scope {
  readonly cancelRequested: Promise<never>;
  private requested = false;
  private reject!: (error: unknown) => void;

  constructor(
    readonly cancellable: boolean,
    parent?: HandScope,
  ) {
    this.cancelRequested = new Promise((_, reject) => {
      this.reject = (error) => {
        this.requested = true;
        reject(error);
      };
    });
    this.cancelRequested.catch(() => {});
    if (parent?.cancellable !== true) return;
    this.requested = parent.requested;
    parent.cancelRequested.catch((error: unknown) => this.reject(error));
  }

  get consideredCancelled(): boolean {
    return this.requested && this.cancellable;
  }

  run<T>(act: () => Promise<T>): Promise<T> {
    return scopes.run(this, async () => await act());
  }

  cancel(): void {
    this.reject(new CancelledFailure('Cancellation scope cancelled'));
  }
}

/**
 * Temporal by hand: nothing ends before the test ends it. Activities, timers and sub-runs wait in {@link open}, in the
 * order in which they were asked for.
 */
export class HandTemporal implements Temporal {
  readonly open: Asked[] = [];
  /** Ids that `patched` denies, as in a history from before. */
  readonly unpatched = new Set<string>();
  /** Signals to sub-runs: the run, and the signal. */
  readonly signals: [string, string][] = [];
  readonly root = new HandScope(false);
  private historyLength = 3;
  private readonly conditions = new Set<{ holds: () => boolean; resolve: (value: boolean) => void }>();

  info(): ReturnType<Temporal['info']> {
    return {
      workflowId: 'run',
      runId: 'temporal-run',
      firstExecutionRunId: 'temporal-run',
      historyLength: this.historyLength,
      memo: {},
    };
  }

  activities<A>(options: ActivityOptions): ActivityInterfaceFor<A> {
    const call = (name: string, more: ActivityOptions, args: unknown[]): Promise<unknown> => {
      const all = { ...options, ...more };
      const waits = all.cancellationType === ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;
      return this.ask(name, args, { ...all }, waits ? undefined : (error) => activityFailure(name, error));
    };
    return new Proxy({} as ActivityInterfaceFor<A>, {
      get: (_, name) =>
        Object.assign((...args: unknown[]) => call(String(name), {}, args), {
          executeWithOptions: (more: ActivityOptions, args: unknown[]) => call(String(name), more, args),
        }),
    });
  }

  async startRun(type: string, options: { workflowId?: string; args: [RunInput] }): Promise<ChildRun> {
    const { args, ...rest } = options;
    const result = this.ask<RunResult>(type, args, rest);
    result.catch(() => {});
    const signal = (name: string): Promise<void> => {
      this.signals.push([options.workflowId!, name]);
      return Promise.resolve();
    };
    return { result: () => result, signal };
  }

  sleep(ms: number): Promise<void> {
    return this.ask('timer', [ms], {}, (error) => error);
  }

  condition(holds: () => boolean): Promise<void>;
  condition(holds: () => boolean, ms: number): Promise<boolean>;
  condition(holds: () => boolean, ms?: number): Promise<void | boolean> {
    const waits = this.held(holds);
    if (ms === undefined) return waits;
    const timer = new HandScope(true, this.currentScope());
    const late = timer.run(() => this.sleep(ms)).then(() => false);
    late.catch(() => {}); // called off
    return Promise.race([waits, late]).finally(() => timer.cancel());
  }

  patched(id: string): boolean {
    return !this.unpatched.has(id);
  }

  scope(parent: Scope): Scope {
    return new HandScope(true, parent as HandScope);
  }

  currentScope(): HandScope {
    return scopes.getStore() ?? this.root;
  }

  shielded<T>(act: () => Promise<T>): Promise<T> {
    return new HandScope(false, this.currentScope()).run(act);
  }

  /** Lets everything happen that can happen without the test. */
  async settled(): Promise<void> {
    do await turn();
    while (this.unblock());
  }

  /** The first open call of that name. @throws Error where there is none, with those that there are */
  the(name: string): Asked {
    const asked = this.open.find((each) => each.name === name);
    if (asked === undefined) throw new Error(`nobody waits for ${name}, only for [${this.waiting().join(', ')}]`);
    return asked;
  }

  /** The names of all open calls. */
  waiting(): string[] {
    return this.open.map(({ name }) => name);
  }

  /** A call has its end: that is the next task of the workflow. */
  over(asked: Asked): void {
    const place = this.open.indexOf(asked);
    if (place < 0) throw new Error(`${asked.name} has its end already`);
    this.open.splice(place, 1);
    this.historyLength += 3;
  }

  private held(holds: () => boolean): Promise<boolean> {
    const scope = this.currentScope();
    if (scope.consideredCancelled) return scope.cancelRequested;
    return new Promise<boolean>((resolve, reject) => {
      const condition = { holds, resolve };
      this.conditions.add(condition);
      if (!scope.cancellable) return;
      scope.cancelRequested.catch((error: unknown) => {
        this.conditions.delete(condition);
        reject(error);
      });
    });
  }

  private unblock(): boolean {
    const ready = [...this.conditions].filter(({ holds }) => holds());
    for (const condition of ready) {
      this.conditions.delete(condition);
      condition.resolve(true);
    }
    return ready.length > 0;
  }

  /** @param onCancel what a cancellation ends it with; where it is absent the test does */
  private ask<T>(
    name: string,
    args: readonly unknown[],
    options: Readonly<Record<string, unknown>>,
    onCancel?: (error: unknown) => unknown,
  ): Promise<T> {
    const scope = this.currentScope();
    if (scope.consideredCancelled) return scope.cancelRequested;
    return new Promise<T>((resolve, reject) => {
      const asked = new Asked(this, name, args, options, { resolve, reject });
      this.open.push(asked);
      if (!scope.cancellable) return;
      scope.cancelRequested.catch((error: unknown) => {
        asked.canceled = true;
        if (onCancel === undefined || !this.open.includes(asked)) return;
        this.over(asked);
        reject(onCancel(error));
      });
    });
  }
}

/** An activity that was stopped, with what it tells of its end. */
export function stopped(details?: object): ActivityFailure {
  return activityFailure('runStep', new CancelledFailure('stopped', details === undefined ? [] : [details]));
}

/** A step that has failed. */
export function stepFailed(message: string, details: object): ActivityFailure {
  const cause = ApplicationFailure.create({ type: 'StepFailed', nonRetryable: true, message, details: [details] });
  return activityFailure('runStep', cause);
}

/** A worker that got the task says that its process is elsewhere. */
export function isOn(host: string): ActivityFailure {
  const details = [{ failures: 0, first_started_at: 1, host }];
  return activityFailure('runStep', ApplicationFailure.create({ type: 'WrongHost', message: host, details }));
}

/** No worker has taken the task in time. */
export function unserved(): ActivityFailure {
  return activityFailure('runStep', new TimeoutFailure('nobody took it', undefined, TimeoutType.SCHEDULE_TO_START));
}

/** An activity that has failed, as a workflow hears of it. */
export function activityFailure(name: string, cause: unknown): ActivityFailure {
  return new ActivityFailure('Activity task failed', name, '1', RetryState.NON_RETRYABLE_FAILURE, '', cause as Error);
}
