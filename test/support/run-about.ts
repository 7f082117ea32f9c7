import type { RunAbout } from '../../src/journal/index.js';

/** What a record says of a run of which nothing is special. */
export function runAbout(more: Partial<RunAbout> = {}): RunAbout {
  return {
    run_id: 'r',
    temporal_run_id: 't',
    plan_id: 'p',
    plan_digest: '',
    engine_version: 1,
    description: null,
    parent_run_id: null,
    rerun_of: null,
    started_by: null,
    project: null,
    tags: [],
    metadata: {},
    inputs: {},
    created_at: '2026-01-01T00:00:00.000Z',
    steps: [],
    ...more,
  };
}
