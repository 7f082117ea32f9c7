import type { Notification } from '../../src/contract/notify.js';

/** A message about a run. */
export function messageOf(run: string, more: Partial<Notification> = {}): Notification {
  return {
    v: 1,
    id: `${run}-id-1-0`,
    event: 'waiting',
    time: '2026-01-01T00:00:00.000Z',
    text: `${run} waits`,
    run_id: run,
    plan_id: 'plan',
    status: 'running',
    started_at: '2026-01-01T00:00:00.000Z',
    finished_at: null,
    warnings: 0,
    parent_run_id: null,
    started_by: null,
    project: null,
    tags: [],
    step: null,
    failed: [],
    answers: [],
    ...more,
  };
}
