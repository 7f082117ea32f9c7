import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ReapTask } from '../../contract/activities.js';
import { reap } from '../../process/index.js';
import { attemptsDir } from '../../records/paths.js';
import { temporalRunOf } from '../step/execution-info.js';
import { beating } from '../step/heartbeat.js';
import { tryName } from '../step/try-folder.js';
import { defined } from '../../basics/defined.js';

/** Ends what a task has left running on this host: it was canceled while nobody was attached to its process. */
export async function reapStep(
  stateDir: string,
  { step_id, grace_sec, attempts_before = 0, first_run_id, retries }: ReapTask,
): Promise<void> {
  const runId = temporalRunOf(defined({ first_run_id }));
  await beating(async () => {
    for (let attempt = attempts_before + 1; attempt <= attempts_before + 1 + retries; attempt += 1) {
      const dir = path.join(attemptsDir(stateDir), tryName(runId, step_id, attempt));
      if (existsSync(dir)) await reap(dir, 'canceled', { graceMs: grace_sec * 1000 });
    }
  });
}
