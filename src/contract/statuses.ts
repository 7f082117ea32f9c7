/** What a step is now. The last five are ends. */
export const STEP_STATUSES = [
  'pending',
  'running',
  'waiting',
  'success',
  'warning',
  'failed',
  'skipped',
  'canceled',
] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

/** How many steps have each status. */
export function countStatuses(steps: readonly { readonly status: StepStatus }[]): Record<StepStatus, number> {
  return tallyStatuses(steps.length, (step) => steps[step]!.status);
}

/** As {@link countStatuses}, for steps that are more than their statuses. */
export function tallyStatuses(steps: number, statusOf: (step: number) => StepStatus): Record<StepStatus, number> {
  const counts = Object.fromEntries(STEP_STATUSES.map((status) => [status, 0])) as Record<StepStatus, number>;
  for (let step = 0; step < steps; step += 1) counts[statusOf(step)] += 1;
  return counts;
}

/** What is said of a step that has no message of its own, and that a person did something about. */
export function byText(status: StepStatus, by: string): string {
  return status === 'success' || status === 'warning' ? `with help from ${by}` : `by ${by}`;
}

export type EndStatus = Exclude<StepStatus, 'pending' | 'running' | 'waiting'>;

/** Why a step ended as it did. Snake_case codes; docs/errors.md has an entry for each. */
export type StepReason =
  | 'reused'
  | 'exit_non_zero'
  | 'signaled'
  | 'timeout'
  | 'stalled'
  | 'output_cap'
  | 'spawn_failed'
  | 'secret_unavailable'
  | 'http_status'
  | 'http_network'
  | 'http_request'
  | 'http_body_too_large'
  | 'output_invalid'
  | 'sub_plan_failed'
  | 'input_invalid'
  | 'lost'
  | 'wrong_host'
  | 'forged'
  | 'expression_error'
  | 'rejected'
  | 'verdict'
  | 'agent_failed'
  | 'worktree'
  | 'quota'
  | 'question'
  | 'escalated'
  | 'budget_exceeded'
  | 'internal_error'
  | 'condition_false'
  | 'skip_if'
  | 'dependency_failed'
  | 'dependency_skipped'
  | 'failure_allowed'
  | 'not_needed'
  | 'not_selected'
  | 'operator'
  | 'aborted'
  | 'run_canceled'
  | 'run_timeout'
  | 'history_full';

export type RunStatus = 'pending' | 'running' | 'paused' | 'quarantined' | 'succeeded' | 'failed' | 'canceled';

/** The statuses that a run ends with. */
export type RunEnd = 'succeeded' | 'failed' | 'canceled';

/** What a run that has been taken up can be: {@link RunStatus}, and what the service does to it from outside. */
export const RUN_STATES = [
  'running',
  'paused',
  'quarantined',
  'succeeded',
  'failed',
  'canceled',
  'terminated',
  'timed_out',
] as const;
