import type { CliContext } from './context.js';

/**
 * Calls a command with the id of the run that `given` names. An id is taken as it is, which costs nothing; only where
 * there is no such run, a plan or the beginning of an id may be meant, and what that is is told on stderr.
 */
export async function onRun(
  context: CliContext,
  given: string,
  command: (runId: string) => Promise<number>,
): Promise<number> {
  if (given.startsWith('@')) return command(await find(context, given));
  try {
    return await command(given);
  } catch (error) {
    if (!mayBeReference(error)) throw error;
    return command(await find(context, given, error));
  }
}

async function find(context: CliContext, given: string, error?: Error): Promise<string> {
  const { findRun } = await import('./find-run.js');
  return findRun(context, given, error);
}

/** With the service down, the records of this machine tell which runs there are. */
function mayBeReference(error: unknown): error is Error {
  if (!(error instanceof Error) || error.name !== 'OrchError' || !('code' in error)) return false;
  return error.code === 'run_not_found' || error.code === 'service_unreachable';
}
