import path from 'node:path';
import type { OwnVariable } from '../../plan/model/plan.js';
import { runDir, runsDir } from '../../records/paths.js';
import { RECORD_FILES } from '../../records/write-record.js';
import type { StepTask } from '../../contract/step-task.js';

/** The variables by which a step finds its run, and the further names that its plan gives them. */
export interface OwnVariables {
  own: Record<OwnVariable, string>;
  /** They lie below what the plan sets. */
  aliases: Record<string, string>;
}

/** Only a worker knows the folders of a run, so it fills them in. */
export function ownVariables(stateDir: string, attempt: number, task: StepTask): OwnVariables {
  const folder = runDir(stateDir, task.run_id);
  const own: Record<OwnVariable, string> = {
    ORCH_RUN_ID: task.run_id,
    ORCH_STEP_ID: task.step_id,
    ORCH_ATTEMPT: String(attempt),
    ORCH_IDEMPOTENCY_KEY: `${task.run_id}/${task.step_id}`,
    ORCH_RUN_DIR: folder,
    ORCH_RUNS_DIR: runsDir(stateDir),
    ORCH_MANIFEST: path.join(folder, RECORD_FILES.manifest),
  };
  const aliases = Object.entries(task.env_aliases ?? {}).map(([name, variable]) => [name, own[variable]] as const);
  return { own, aliases: Object.fromEntries(aliases) };
}
