import type { PreparedRun } from '../client/prepare.js';
import { workerVariables } from '../service/index.js';
import type { CliContext } from './context.js';

/**
 * Says which secrets the worker of the embedded service does not have, or has otherwise than this shell: it runs already,
 * and reads them from the environment that it was started with. What a variable holds is not said.
 */
export function tellUnheardSecrets(context: CliContext, { plan, subPlans }: PreparedRun): void {
  const sources = [plan, ...subPlans.values()].flatMap(({ steps }) =>
    steps.flatMap(({ secrets }) => Object.values(secrets)),
  );
  const names = [...new Set(sources.flatMap(({ env }) => env ?? []))];
  const known = names.length === 0 ? undefined : workerVariables(context.env);
  if (known === undefined) return;
  const differ = names.filter((name) => known.get(name) !== context.env[name]);
  const unheard = differ.filter((name) => context.env[name] !== undefined);
  const nowhere = names.filter((name) => known.get(name) === undefined && context.env[name] === undefined);
  if (unheard.length > 0) {
    const [is, them] = isThem(unheard);
    context.note(
      `warning: ${unheard.join(', ')} ${is} set in this shell, but the worker that is already running was started without ${them}, or with another value. \`orch down && orch up\` restarts it from this shell; running steps continue\n`,
    );
  }
  if (nowhere.length > 0) {
    const [is, them] = isThem(nowhere);
    context.note(
      `warning: ${nowhere.join(', ')} ${is} not set for the worker that is running, so steps that need ${them} will fail. Set ${them} in this shell; \`orch down && orch up\` then restarts the worker with ${them}; running steps continue\n`,
    );
  }
}

function isThem({ length }: readonly string[]): [is: string, them: string] {
  return length === 1 ? ['is', 'it'] : ['are', 'them'];
}
