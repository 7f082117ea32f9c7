import {
  CancellationScope,
  condition,
  patched,
  proxyActivities,
  sleep,
  startChild,
  workflowInfo,
  type ActivityInterfaceFor,
  type ActivityOptions,
  type ChildWorkflowOptions,
  type WorkflowInfo,
} from '@temporalio/workflow';
import type { RunInput } from '../../contract/run-input.js';
import type { RunResult } from '../../contract/run-messages.js';

/** What can be canceled together. Temporal's own scopes are such ones. */
export type Scope = Pick<CancellationScope, 'cancelRequested' | 'consideredCancelled' | 'run' | 'cancel'>;

type RunPlan = (input: RunInput) => Promise<RunResult>;

/** The run of a sub-plan that has started. */
export interface ChildRun {
  result(): Promise<RunResult>;
  signal(name: string): Promise<void>;
}

/**
 * What the classes of this folder ask of Temporal. They are given it, so that a test without a server gives them another
 * one, whose activities, timers and sub-runs it ends by hand: `test/support/hand-temporal.ts`.
 *
 * None of it may put a promise between a caller and Temporal: what a run commands in one task would come in another order.
 */
export interface Temporal {
  info(): Pick<WorkflowInfo, 'workflowId' | 'runId' | 'firstExecutionRunId' | 'historyLength' | 'memo'>;
  activities<A>(options: ActivityOptions): ActivityInterfaceFor<A>;
  startRun(type: string, options: ChildWorkflowOptions & { args: [RunInput] }): Promise<ChildRun>;
  sleep(ms: number): Promise<void>;
  condition(holds: () => boolean): Promise<void>;
  /** @returns false where the time was over first */
  condition(holds: () => boolean, ms: number): Promise<boolean>;
  readonly patched: (id: string) => boolean;
  /** Makes a scope that can be canceled, and is where its parent is. */
  scope(parent: Scope): Scope;
  /** The scope of whoever calls. */
  currentScope(): Scope;
  /** Does something that no cancellation ends. */
  shielded<T>(act: () => Promise<T>): Promise<T>;
}

/** Temporal itself. */
export const temporal: Temporal = {
  info: workflowInfo,
  activities: proxyActivities,
  startRun: (type, options) => startChild<RunPlan>(type, options),
  sleep,
  condition,
  patched,
  scope: (parent) => new CancellationScope({ cancellable: true, parent: parent as CancellationScope }),
  currentScope: () => CancellationScope.current(),
  shielded: (act) => CancellationScope.nonCancellable(act),
};
