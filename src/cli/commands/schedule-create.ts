import path from 'node:path';
import { defined } from '../../basics/defined.js';
import type { PreparedRun } from '../../client/prepare.js';
import type { ScheduleToMake } from '../../client/schedule-types.js';
import type { PinnedSources } from '../../contract/schedule-messages.js';
import type { Overlap, Timing } from '../../plan/schedule/timing.js';
import { connect, settingsOf } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { loadPlanFile, type PlanFile } from '../load-plan.js';
import { tellMissingAgents } from '../missing-agents.js';
import { readDuration } from '../options/durations.js';
import { readEnv, readInputs, type InputOptions } from '../options/plan.js';
import { preparePlan } from '../prepare-plan.js';
import { scheduleJson, whenText, zoneOf } from '../render/schedule.js';
import { zonedTime } from '../render/zoned-time.js';
import { tellUnheardSecrets } from '../unheard-secrets.js';

interface CreateFlags extends Pick<InputOptions, 'input' | 'inputs' | 'env' | 'envFile'> {
  cron?: string;
  every?: string;
  timezone?: string;
  overlap?: Overlap;
  catchUp?: string;
  pinned?: boolean;
  paused?: boolean;
  note?: string;
  json?: boolean;
}

/** `orch schedule create NAME PLAN`. All that a run would be refused for is refused here. */
export async function create(
  context: CliContext,
  { name, plan: file }: { name: string; plan: string },
  flags: CreateFlags,
): Promise<number> {
  const timing = timingOf(flags);
  const catchUpSec = flags.catchUp === undefined ? undefined : readDuration('--catch-up', flags.catchUp) / 1000;
  const plan = await loadPlanFile(context, file);
  const values = { inputs: await readInputs(context, flags), env: readEnv(context, flags) };
  const toMake = await scheduleOf(context, plan, {
    name,
    timing,
    pinned: flags.pinned === true,
    ...values,
    ...defined({ overlap: flags.overlap, catchUpSec }),
  });
  const { checkSchedule } = await import('../../client/check-schedule.js');
  checkSchedule(toMake); // before a service is started for it
  const client = await connect(context, true);
  try {
    const { paused = false, note } = flags;
    await client.schedules().create(toMake, { paused, ...defined({ note }) });
    const made = await client.schedules().describe(name);
    if (flags.json) context.out(`${JSON.stringify(scheduleJson(made), null, 2)}\n`);
    else {
      context.out(`${name}\n`);
      context.note(madeText(toMake, made.next[0]));
    }
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

/** `orch schedule apply PLAN`: the schedule of the plan is made, or changed to what the plan says. */
export async function apply(
  context: CliContext,
  file: string,
  flags: Pick<CreateFlags, 'env' | 'envFile' | 'json'>,
): Promise<number> {
  const plan = await loadPlanFile(context, file);
  const { plannedSchedule } = await import('../../plan/check/planned-schedule.js');
  const planned = plannedSchedule(plan.source);
  if (planned === undefined) {
    throw new UsageError(
      `${file} has no schedule`,
      'write `schedule: { cron: "0 2 * * *" }` into it, or use `orch schedule create`',
    );
  }
  const toMake = await scheduleOf(context, plan, { ...planned, env: readEnv(context, flags) });
  const client = await connect(context, true);
  try {
    const { created, changes } = await client.schedules().apply(toMake);
    if (flags.json) context.out(`${JSON.stringify({ name: toMake.name, created, changes }, null, 2)}\n`);
    else if (created) context.note(`${toMake.name} is made: due ${whenText(toMake.timing)}\n`);
    else
      context.note(`${toMake.name} ${changes.length === 0 ? 'is as it was' : `is changed: ${changes.join(', ')}`}\n`);
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

/** What a schedule is made of, besides its plan. */
interface ScheduleWish extends Pick<ScheduleToMake, 'name' | 'timing' | 'overlap' | 'catchUpSec'> {
  pinned: boolean;
  inputs: ScheduleToMake['inputs'];
  env: Record<string, string>;
}

/** A schedule for a plan, whose inputs, environment, agents and secrets are looked at as those of a run. */
export async function scheduleOf(
  context: CliContext,
  plan: PlanFile,
  { pinned, ...wish }: ScheduleWish,
): Promise<ScheduleToMake> {
  const embedded = settingsOf(context) === undefined;
  const options = { ...wish, from: context.env, ...(embedded ? { baseDir: context.cwd } : {}) };
  const prepared = preparePlan(plan, { ...options }, embedded);
  for (const note of prepared.notes) context.note(`note: ${note}\n`);
  if (embedded) {
    await tellMissingAgents(context, prepared, { file: plan });
    tellUnheardSecrets(context, prepared);
  }
  const keep = pinned || !embedded;
  if (!keep && plan.file === '-') {
    throw new UsageError('A plan from stdin cannot be read again for each run', 'give a file, or --pinned');
  }
  return {
    ...wish,
    plan_id: plan.plan.plan_id,
    env: prepared.input.env,
    ...(plan.file === '-' ? {} : { file: path.resolve(context.cwd, plan.file) }),
    ...(keep ? { pinned: sourcesOf(plan) } : {}),
    ...defined({ baseDir: baseDirOf(prepared) }),
  };
}

function sourcesOf({ source, path: name, plans, agents }: PlanFile): PinnedSources {
  return { source, ...defined({ path: name, plans, agents }) };
}

function baseDirOf({ input }: PreparedRun): string | undefined {
  return input.base_dir;
}

function timingOf({ cron, every, timezone }: CreateFlags): Timing {
  if (cron === undefined && every === undefined) {
    throw new UsageError('When is it due?', 'give --cron, for example --cron "0 2 * * *", or --every 1h');
  }
  return defined({
    cron,
    every_sec: every === undefined ? undefined : readDuration('--every', every) / 1000,
    timezone,
  });
}

function madeText({ timing, pinned, file }: ScheduleToMake, next: number | undefined): string {
  const source = pinned === undefined ? `${file ?? 'its file'}, read again for every run` : 'the plan as it is now';
  const first = next === undefined ? 'it is paused' : `next at ${zonedTime(next, zoneOf(timing))}`;
  return `due ${whenText(timing)}; ${first}\nruns ${source}\n`;
}
