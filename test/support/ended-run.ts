import type { RunResult, StepView } from '../../src/contract/run-messages.js';

/** A run of a second and a half that ended so. */
export function endedRun(status: RunResult['status'], steps: StepView[]): RunResult {
  return { run_id: 'gate-1', plan_id: 'gate', status, warnings: 0, started_at: 0, finished_at: 1500, steps };
}
