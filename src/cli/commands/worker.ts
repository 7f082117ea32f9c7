import { stateDir } from '../../records/paths.js';
import { checkStateDir, scheduledStarts } from '../../service/index.js';
import { EXIT, type CliContext } from '../context.js';
import { settingsOf } from '../connect.js';
import { UsageError } from '../errors.js';

/** `orch worker`: serves a Temporal service of one's own, until it is told to stop. */
export async function worker(
  context: CliContext,
  flags: { taskQueue: string; maxSteps: string; drain: string; json?: boolean },
): Promise<number> {
  const settings = settingsOf(context);
  if (settings === undefined) {
    throw new UsageError(
      'No Temporal service is configured',
      'set TEMPORAL_ADDRESS; the embedded service brings its own worker (`orch up`)',
    );
  }
  const maxSteps = Number(flags.maxSteps);
  if (!Number.isInteger(maxSteps) || maxSteps < 1) {
    throw new UsageError(`--max-steps ${flags.maxSteps}: give a whole number above 0`);
  }
  const drainSec = Number(flags.drain);
  if (!Number.isFinite(drainSec) || drainSec < 0 || flags.drain.trim() === '') {
    throw new UsageError(`--drain ${flags.drain}: give a number of seconds`);
  }
  checkStateDir(stateDir(context.env));
  const { runWorker } = await import('../../worker/run-worker.js');
  await runWorker({
    settings,
    taskQueue: flags.taskQueue,
    maxSteps,
    drainSec,
    env: context.env,
    schedules: (client) => scheduledStarts({ client, taskQueue: flags.taskQueue, env: context.env }),
    onReady: () => {
      const ready = {
        ready: true,
        address: settings.address,
        namespace: settings.namespace,
        task_queue: flags.taskQueue,
      };
      if (flags.json) context.out(`${JSON.stringify(ready)}\n`);
      else context.note(`polling ${flags.taskQueue} at ${settings.address} (${settings.namespace}); Ctrl-C stops\n`);
    },
  });
  return EXIT.succeeded;
}
