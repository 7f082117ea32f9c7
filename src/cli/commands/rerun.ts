import type { OrchClient } from '../../client/orch-client.js';
import { prepareRerun, type PreparedRun } from '../../client/prepare.js';
import { decideRerun } from '../../client/rerun.js';
import type { PastRun, RerunDecision } from '../../client/rerun-types.js';
import { isNamed, namedItems } from '../../client/rerun-items.js';
import { leftOut } from '../../plan/graph/selection.js';
import { suggest } from '../../plan/problems/suggest.js';
import type { Plan } from '../../plan/model/plan.js';
import { connect, settingsOf } from '../connect.js';
import { createReporter, type FollowFlags } from '../create-reporter.js';
import { EXIT, type CliContext } from '../context.js';
import { DiagnosticsError, UsageError } from '../errors.js';
import { loadPlanFile, type PlanFile } from '../load-plan.js';
import { tellMissingAgents } from '../missing-agents.js';
import { tellUnheardSecrets } from '../unheard-secrets.js';
import { givenFormatOptions, type FormatFlags } from '../options/format.js';
import { userNotify } from '../user-notify.js';
import { preparePlan } from '../prepare-plan.js';
import type { InputOptions } from '../options/plan.js';
import { preparePast, rerunOptions } from '../rerun-options.js';
import { forPeople } from '../render/format.js';
import { followRun, formatOf } from './run.js';
import { defined } from '../../basics/defined.js';

export interface RerunFlags extends InputOptions, FormatFlags, FollowFlags {
  failed?: boolean;
  /** The new plan's file; a prose plan is `prosePlan` here. */
  plan?: string;
  prosePlan?: string;
  id?: string;
  /** Who starts it, where that is not whoever calls the command. */
  startedBy?: string;
  dryRun?: boolean;
  strict?: boolean;
}

/** `orch rerun RUN`: a new run that takes over what went well; says beforehand what, and follows it to its end. */
export async function rerun(context: CliContext, runId: string, flags: RerunFlags): Promise<number> {
  const client = await connect(context, true);
  try {
    const { decision, plan, start } = await decide(context, client, runId, flags);
    if (flags.dryRun || !(flags.json || flags.quiet))
      showDecision(context, flags.json ? decision : forPeople(decision), flags.json === true);
    if (flags.dryRun) return EXIT.succeeded;
    const started = await start();
    const { bold, link } = context.colors;
    if (!flags.quiet) context.note(`run ${link(bold(started.run_id), started.web_ui)} (rerun of ${runId})\n`);
    const ids = plan.steps.map((step) => step.id);
    const about = { ...started, ...formatOf(plan), ...defined({ planFile: flags.plan }) };
    const reporter = await createReporter(context, client, { runId: started.run_id, plan, ids }, flags);
    return await followRun(context, client, about, { ...flags, isNew: true }, reporter);
  } finally {
    await client.close();
  }
}

/** What a rerun would take over and do, and what starts it. */
export async function decide(
  context: CliContext,
  client: OrchClient,
  runId: string,
  flags: RerunFlags,
): Promise<{ decision: RerunDecision; plan: Plan; start: () => Promise<{ run_id: string; web_ui?: string }> }> {
  const { finished_at } = await client.describe(runId);
  if (finished_at === undefined) {
    throw new UsageError(
      `The run '${runId}' is still open`,
      `\`orch retry ${runId} STEP\` retries one of its failed steps`,
    );
  }
  refuseIdleOptions(flags);
  const past = await client.pastRun(runId);
  const file = flags.plan === undefined ? undefined : await loadNext(context, flags.plan, past, flags);
  const embedded = settingsOf(context) === undefined;
  const known = await rerunOptions(context, past, file?.plan ?? past.plan, flags);
  const by = defined({ startedBy: flags.startedBy });
  const options = { ...known, ...by, ...(await userNotify(context, embedded)) };
  const next = file === undefined ? preparePast(past, options, embedded) : preparePlan(file, options, embedded);
  for (const note of next.notes) context.note(`note: ${note}\n`);
  refuseUnknownSteps(next, past, flags);
  const { from, only } = flags;
  const decision = decideRerun(past, next, defined({ from, only }));
  const skip = [...decision.reused, ...decision.left_out];
  if (embedded) {
    await tellMissingAgents(context, next, { file, skip });
    tellUnheardSecrets(context, next);
  }
  const start = (): Promise<{ run_id: string; web_ui?: string }> => client.start(prepareRerun(next, past, decision));
  return { decision, plan: next.plan, start };
}

/** A run of a pipeline goes on with the pipeline that it was, unless another one is named. */
function loadNext(context: CliContext, file: string, { plan }: PastRun, flags: RerunFlags): Promise<PlanFile> {
  const { plan: _, prosePlan, strict, ...rest } = flags;
  return loadPlanFile(context, file, {
    ...rest,
    strict: strict === true,
    ...defined({ plan: prosePlan }),
    ...(plan.metadata['pipeline'] !== undefined && { usualPipeline: plan.plan_id }),
  });
}

/** Without a file there is nothing to convert: the run keeps the plan that it had. */
function refuseIdleOptions({ plan, prosePlan, ...rest }: RerunFlags): void {
  if (plan !== undefined) return;
  const idle = [...givenFormatOptions(rest), ...(prosePlan === undefined ? [] : ['--prose-plan'])];
  if (idle.length === 0) return;
  throw new UsageError(
    `${idle.join(', ')}: without --plan the run keeps the plan that it had`,
    'name the file: --plan FILE',
  );
}

function refuseUnknownSteps({ plan, graph }: PreparedRun, past: PastRun, { from, only }: RerunFlags): void {
  const { whole, items } = namedItems(plan, defined({ from, only }));
  const checked = leftOut(plan, graph, whole);
  if (!checked.ok) throw new DiagnosticsError(checked.error);
  for (const [step, names] of items) {
    const known = past.instances?.get(step) ?? [];
    const unknown = [...names].find((name) => !known.some((each) => isNamed(known, each, name)));
    if (unknown === undefined) continue;
    const near = suggest(
      unknown,
      known.flatMap(({ item }) => item ?? []),
    );
    throw new UsageError(
      `Step '${step}' of '${past.run_id}' had no item '${unknown}'`,
      near === undefined ? `name one of its items, or its number: ${step}[0]` : `did you mean '${step}[${near}]'?`,
    );
  }
}

/** Items that a line names. */
const NAMED = 5;

function few(items: readonly string[]): string {
  const named = items.slice(0, NAMED).join(', ');
  return items.length > NAMED ? `${named} and ${items.length - NAMED} more` : named;
}

function showDecision(context: CliContext, decision: RerunDecision, json: boolean): void {
  if (json) {
    context.out(`${JSON.stringify(decision, null, 2)}\n`);
    return;
  }
  const { dim } = context.colors;
  for (const step of decision.reused) context.note(`${dim('reuse')}  ${step}\n`);
  for (const step of decision.left_out) context.note(`${dim('leave')}  ${step}\n`);
  for (const { step, why, items, items_reused } of decision.again) {
    const some = items && `; only ${few(items)}, and ${items_reused!.length} of its items are reused`;
    context.note(`again  ${step}  ${dim(`${why}${some ?? ''}`)}\n`);
  }
}
