import type { Json } from '../plan/model/values.js';

/** What a record says of a step before anything has happened to it. */
export interface StepAbout {
  id: string;
  name: string;
  /** `command`, `shell`, `http` …, the `type` of a `step_def`. */
  kind: string;
  /** Ids of the steps that it waits for. */
  depends_on: readonly string[];
  /** The step that it stands in for. */
  fallback_of: string | null;
  finally: boolean;
  foreach: boolean;
}

/** What a record says of a run before anything has happened in it. Worked out from what the run was started with. */
export interface RunAbout {
  run_id: string;
  /** The service's own id of the execution. */
  temporal_run_id: string;
  plan_id: string;
  /** SHA-256 of the plan, hex. */
  plan_digest: string;
  engine_version: number;
  description: string | null;
  parent_run_id: string | null;
  rerun_of: string | null;
  started_by: string | null;
  project: string | null;
  tags: readonly string[];
  metadata: Readonly<Record<string, Json>>;
  inputs: Readonly<Record<string, Json>>;
  created_at: string;
  steps: readonly StepAbout[];
}
