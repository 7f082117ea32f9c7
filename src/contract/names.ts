// No import: workers and the workflow sandbox both load this file.

/** The task queue of the workers with a certain state folder, which has the processes of their steps. */
export function hostQueue(host: string): string {
  return `orch@${host}`;
}

/** Header that carries a start's signature. */
export const SIGNATURE_HEADER = 'orch-signature';

/** Where the embedded service's Web UI has a run under a short address, followed by its id. */
export const SHORT_RUN_PATH = '/r/';
