import path from 'node:path';
import { loopQueue, roleOf, roleQueue } from '../../loop/index.js';
import { stateDir } from '../../records/paths.js';
import { ensureService, workerSigning } from '../../service/index.js';
import { DEFAULT_NAMESPACE, DEFAULT_TASK_QUEUE } from '../../temporal/settings.js';
import { settingsOf } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { findLoopFile } from '../loop/config.js';

/** `orch loop worker --role ROLE [CONFIG]`: takes the turns of one role, in the folder of its own configuration. */
export async function loopWorker(
  context: CliContext,
  file: string | undefined,
  flags: { role: string; taskQueue?: string; json?: boolean },
): Promise<number> {
  const role = roleOf(flags.role);
  if (role === undefined) throw new UsageError(`--role ${flags.role}: use supervisor (galph) or main (ralph)`);
  const loopRoot = path.dirname(findLoopFile(context, file));
  const queue = flags.taskQueue ?? DEFAULT_TASK_QUEUE;
  const remote = settingsOf(context);
  const embedded = remote === undefined ? await ensureService({ env: context.env }) : undefined;
  const settings = remote ?? {
    connection: { address: embedded!.address },
    address: embedded!.address,
    namespace: DEFAULT_NAMESPACE,
  };
  const { runWorker } = await import('../../worker/run-worker.js');
  await runWorker({
    settings,
    env: context.env,
    loop: { root: loopRoot, roleQueue: roleQueue(queue, role) },
    // Any role's worker serves the loop itself, so one machine alone can say what it waits for.
    taskQueue: loopQueue(queue),
    ...(embedded === undefined ? {} : { signing: workerSigning(stateDir(context.env)) }),
    onReady: () => {
      const ready = {
        ready: true,
        role,
        address: settings.address,
        task_queue: roleQueue(queue, role),
        folder: loopRoot,
      };
      if (flags.json) context.out(`${JSON.stringify(ready)}\n`);
      else
        context.note(
          `taking the turns of ${role} in ${loopRoot} (${ready.task_queue} at ${settings.address}); Ctrl-C stops\n`,
        );
    },
  });
  return EXIT.succeeded;
}
