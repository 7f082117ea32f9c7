import type { PreparedRun } from '../client/prepare.js';
import { workerVariables } from '../service/index.js';
import type { CliContext } from './context.js';

/**
 * Says which secrets of this shell the worker of the embedded service does not have: it runs already, and reads them
 * from the environment that it was started with. What a variable holds is not said.
 */
export function tellUnheardSecrets(context: CliContext, { plan, subPlans }: PreparedRun): void {
  const sources = [plan, ...subPlans.values()].flatMap(({ steps }) =>
    steps.flatMap(({ secrets }) => Object.values(secrets)),
  );
  const names = [...new Set(sources.flatMap(({ env }) => env ?? []))].filter((name) => context.env[name] !== undefined);
  const known = names.length === 0 ? undefined : workerVariables(context.env);
  const unheard = names.filter((name) => known !== undefined && known.get(name) !== context.env[name]);
  if (unheard.length === 0) return;
  const [is, them] = unheard.length === 1 ? ['is', 'it'] : ['are', 'them'];
  context.note(
    `warning: ${unheard.join(', ')} ${is} set in this shell, but the worker that is already running was started without ${them}, or with another value. \`orch down && orch up\` restarts it from this shell; running steps continue\n`,
  );
}
