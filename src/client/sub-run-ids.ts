import type { Client } from '@temporalio/client';
import { RUN_PLAN } from '../contract/run-messages.js';
import { OrchError } from './errors.js';
import { readPastRun } from './past-run.js';
import type { ClientSigning } from './sealed-result.js';

/** Parts of an id that are looked at. */
const MOST = 8;

/**
 * Refuses an id under which an open run will start a sub-plan: the sub-plan could not start then. An id that a sub-plan
 * has already is refused by the service.
 *
 * @throws OrchError `invalid_run_id`
 */
export async function refuseSubRunId(client: Client, id: string, signing: ClientSigning | undefined): Promise<void> {
  const dots = [...id.matchAll(/\./g)].map(({ index }) => index).slice(0, MOST);
  await Promise.all(
    dots.map(async (dot) => {
      const run = id.slice(0, dot);
      const rest = id.slice(dot + 1).replace(/(\[\d+\])?(~\d+)?$/, '');
      if (run === '' || !(await subPlanSteps(client, run, signing)).includes(rest)) return;
      throw new OrchError(
        'invalid_run_id',
        `The id '${id}' is kept for the sub-plan of step '${rest}' of run '${run}'`,
        {
          hint: 'choose another --id: the run of a sub-plan is called RUN.STEP',
        },
      );
    }),
  );
}

/** The steps of an open run that run plans; none where there is no such run, or where that cannot be read. */
async function subPlanSteps(client: Client, run: string, signing: ClientSigning | undefined): Promise<string[]> {
  try {
    const { status, type } = await client.workflow.getHandle(run).describe();
    if (status.name !== 'RUNNING' || type !== RUN_PLAN) return [];
    const { plan } = await readPastRun(client, run, signing, async () => ({ steps: [] }));
    return plan.steps.flatMap(({ id, action }) => (action.type === 'plan' ? [id] : []));
  } catch {
    return []; // then the sub-plan says that its id is taken
  }
}
