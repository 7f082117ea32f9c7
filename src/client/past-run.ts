import type { Client } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { RunInput } from '../contract/run-input.js';
import { checkPlan } from '../plan/check/check-plan.js';
import { isFinished, type RunEvent } from '../journal/index.js';
import { readRecord } from '../temporal/read-record.js';
import type { ProgressView, StepView } from '../contract/run-messages.js';
import type { ReadFiles } from './ended-run.js';
import { OrchError } from './errors.js';
import { checkPlans } from './checked-plans.js';
import type { PastInstance, PastRun } from './rerun-types.js';
import type { PlanToStart } from './types.js';
import { ForgedError } from '../temporal/forged.js';
import { isUnsigned, plain } from '../contract/seal.js';
import type { ClientSigning } from './sealed-result.js';
import { asOrchError, throughOutages } from './service-errors.js';
import { defined } from '../basics/defined.js';

/** Reads what a run was started with from its history, and what its steps did from the run itself. */
export async function readPastRun(
  client: Client,
  runId: string,
  signing: ClientSigning | undefined,
  progress: () => Promise<Pick<ProgressView, 'steps'>>,
  readFiles?: ReadFiles,
): Promise<PastRun> {
  const { history } = await throughOutages(() =>
    client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId: runId },
      maximumPageSize: 1,
    }),
  );
  const event = history?.events?.[0];
  const payloads = event?.workflowExecutionStartedEventAttributes?.input?.payloads;
  const { namespace, loadedDataConverter } = client.options;
  const context = { type: 'workflow' as const, namespace, workflowId: runId };
  const [given] = await decodeArrayFromPayloads(loadedDataConverter, payloads, context);
  // What somebody else has started here ran nothing; nor shall it by being run again.
  const old = signing !== undefined && Number(event?.eventTime?.seconds ?? Infinity) * 1000 < signing.since;
  if (isUnsigned(given) && !old) throw asOrchError(new ForgedError(`the start of ${runId}`));
  const { carried: _, ...rest } = (plain(given) ?? {}) as Partial<RunInput>;
  const input = rest as RunInput;
  const known = planOf(input);
  if (known === undefined) {
    throw new OrchError('run_not_found', `The run '${runId}' has no plan that this version can read`);
  }
  const { steps } = await progress();
  const whole = steps.some(({ cut }) => cut) ? await withOutputs(client, runId, steps, readFiles) : steps;
  const instances = await pastInstances(client, runId, { plan: known.plan, steps, readFiles });
  return { run_id: runId, ...known, input, steps: whole, ...defined({ instances }) };
}

/** Its plan; with the sub-plans, where this version still takes them all. */
function planOf(input: RunInput): Pick<PastRun, 'plan' | 'checked'> | undefined {
  const checked = checkPlans(planOfRun(input));
  if (checked.ok) return { plan: checked.value.plan, checked: checked.value };
  const alone = checkPlan(input.plan); // enough for a rerun with another plan
  return alone.ok ? { plan: alone.value.plan } : undefined;
}

/** The steps with the outputs that were too large for one answer: the run's events come in pages. */
async function withOutputs(
  client: Client,
  runId: string,
  steps: readonly StepView[],
  readFiles: ReadFiles | undefined,
): Promise<StepView[]> {
  const outputs = new Map<string, StepView['outputs']>();
  const files = await readFiles?.(runId);
  const finished = files !== undefined && isFinished(files.manifest) ? files.manifest.steps : undefined;
  for (const step of finished ?? []) outputs.set(step.id, step.outputs);
  if (finished !== undefined) return withThese(steps, outputs);
  for (const event of (await readRecord(client, runId))?.events ?? []) {
    if (!('step' in event) || !('outputs' in event) || event.step === undefined || 'instance' in event) continue;
    outputs.set(event.step, event.outputs);
  }
  return withThese(steps, outputs);
}

/** What the record says of the instances of each `foreach` that did not go well, or may be named. */
async function pastInstances(
  client: Client,
  runId: string,
  { plan, steps, readFiles }: { plan: PastRun['plan']; steps: readonly StepView[]; readFiles: ReadFiles | undefined },
): Promise<PastRun['instances']> {
  const begun = new Set(steps.flatMap(({ id, started_at }) => (started_at === undefined ? [] : [id])));
  const lists = plan.steps.flatMap(({ id, foreach }) => (foreach !== undefined && begun.has(id) ? [id] : []));
  if (lists.length === 0) return undefined;
  const files = await readFiles?.(runId);
  if (files !== undefined && isFinished(files.manifest)) {
    const found = files.manifest.steps.filter(({ id }) => lists.includes(id));
    return new Map(found.map(({ id, instances }) => [id, instances ?? []]));
  }
  return instancesOf((await readRecord(client, runId).catch(() => undefined))?.events ?? [], new Set(lists));
}

function instancesOf(events: readonly RunEvent[], lists: ReadonlySet<string>): NonNullable<PastRun['instances']> {
  const found = new Map<string, Map<number, PastInstance>>();
  for (const event of events) {
    if (!('step' in event) || event.step === undefined || !lists.has(event.step)) continue;
    if (event.type === 'step-reopened') found.delete(event.step);
    if (!('instance' in event) || event.instance === undefined) continue;
    const known = found.get(event.step) ?? new Map<number, PastInstance>();
    found.set(event.step, known);
    const item = 'item' in event ? event.item : known.get(event.instance)?.item;
    const status = event.type === 'step-succeeded' ? event.status : event.type;
    known.set(event.instance, { index: event.instance, status, ...defined({ item }) });
  }
  return new Map([...found].map(([id, instances]) => [id, [...instances.values()]]));
}

function withThese(steps: readonly StepView[], outputs: ReadonlyMap<string, StepView['outputs']>): StepView[] {
  return steps.map((step) => {
    const known = step.cut === true ? outputs.get(step.id) : undefined;
    return known === undefined ? step : { ...step, outputs: known };
  });
}

/** The plan of an earlier run, with its sub-plans, as it was started. */
export function planOfRun({ plan, plan_path, plans = {}, agents }: RunInput): PlanToStart {
  const sources = Object.entries(plans).map(([path, pinned]) => [path, pinned.plan] as const);
  return {
    source: plan,
    ...defined({ path: plan_path }),
    plans: Object.fromEntries(sources),
    ...defined({ agents }),
  };
}
