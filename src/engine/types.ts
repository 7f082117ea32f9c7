/** What a step is now. The last five are ends. */
export type StepStatus = 'pending' | 'running' | 'waiting' | 'success' | 'warning' | 'failed' | 'skipped' | 'canceled';

export type EndStatus = 'success' | 'warning' | 'failed' | 'skipped' | 'canceled';

/** Why a step ended as it did. Snake_case codes; docs/errors.md has an entry for each. */
export type StepReason =
  | 'exit_non_zero'
  | 'signaled'
  | 'timeout'
  | 'spawn_failed'
  | 'lost'
  | 'internal_error'
  | 'dependency_failed'
  | 'dependency_skipped'
  | 'operator'
  | 'aborted'
  | 'run_canceled';

export type RunStatus = 'pending' | 'running' | 'succeeded' | 'failed' | 'canceled';
