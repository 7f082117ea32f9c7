import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ScheduleAlreadyRunning,
  type Client,
  type ScheduleDescription,
  type ScheduleOverlapPolicy,
} from '@temporalio/client';
import { defined } from '../basics/defined.js';
import {
  SCHEDULE_PREFIX,
  SCHEDULE_VERSION,
  dueOf,
  scheduledRunId,
  scheduleId,
  scheduleName,
  type ScheduleDefinition,
} from '../contract/schedule-messages.js';
import { didYouMean } from '../plan/problems/suggest.js';
import type { Overlap } from '../plan/schedule/timing.js';
import { DEFAULT_TASK_QUEUE } from '../temporal/settings.js';
import type { Grant, ScheduleEntry, ScheduleRegister } from '../temporal/schedule-register.js';
import { describeRun } from './describe.js';
import { OrchError } from './errors.js';
import {
  asScheduleError,
  definitionIn,
  describeSchedule,
  readSchedule,
  scheduleNotFound,
  type ReadSchedule,
} from './read-schedule.js';
import { checkSchedule } from './check-schedule.js';
import { scheduleChanges } from './schedule-changes.js';
import { OVERLAP_POLICIES, temporalSchedule } from './schedule-options.js';
import type { ScheduleDetails, ScheduleToMake, ScheduleView, Triggered } from './schedule-types.js';
import { scheduledRuns } from './scheduled-runs.js';
import type { ClientSigning } from './sealed-result.js';
import { asOrchError, throughOutages } from './service-errors.js';
import { startedBy } from './started-by.js';

const DEFAULT_CATCH_UP_SEC = 86_400;
const RECENT = 10;
/** How long a trigger is watched. Milliseconds. */
const TRIGGER_MS = 10_000;
const POLL_MS = 100;
/** How long a backfill may take to come to all of its times. Milliseconds. */
const BACKFILL_MS = 30 * 86_400_000;
/** Grants that are kept: those of long ago are used, or over. */
const MOST_GRANTS = 100;

/** Makes and steers schedules; made by `OrchClient.schedules()`. */
export class SchedulesClient {
  constructor(
    private readonly client: Client,
    private readonly taskQueue: string = DEFAULT_TASK_QUEUE,
    private readonly signing?: ClientSigning & { schedules?: ScheduleRegister },
  ) {}

  /**
   * Makes a schedule.
   *
   * @throws OrchError `schedule_exists`; `invalid_schedule`, `invalid_cron`, `unknown_timezone`; `service_unreachable`
   */
  async create(toMake: ScheduleToMake, { paused = false, note = '' } = {}): Promise<ScheduleDefinition> {
    const definition = definitionOf(toMake);
    const { name } = definition;
    if ((await this.find(name)) !== undefined) throw alreadyThere(name);
    const before = this.register?.read(name);
    this.register?.write(name, entryOf(definition, paused));
    const options = temporalSchedule(definition, { taskQueue: this.taskQueue, paused, note });
    try {
      await throughOutages(() => this.client.schedule.create(options));
    } catch (error) {
      if (before !== undefined) this.register?.write(name, before);
      throw error instanceof ScheduleAlreadyRunning ? alreadyThere(name) : refusedSpec(error, name);
    }
    return definition;
  }

  /**
   * Makes a schedule, or gives it another definition where there is one of this name; whether that is paused stays as it is.
   *
   * @returns whether it was made, else what it does otherwise now: nothing where it is the same
   * @throws OrchError as of {@link create}; `forged`
   */
  async apply(toMake: ScheduleToMake): Promise<{ created: boolean; changes: string[] }> {
    const definition = definitionOf(toMake);
    const found = await this.find(toMake.name);
    if (found === undefined) {
      await this.create(toMake);
      return { created: true, changes: [] };
    }
    const inForce = this.register === undefined || this.register.read(toMake.name)?.id === found.definition.id;
    const changes = scheduleChanges(found.definition, definition);
    if (changes.length > 0 || !inForce) await this.replace(definition, found.description);
    return { created: false, changes };
  }

  private async replace(definition: ScheduleDefinition, { state }: ScheduleDescription): Promise<void> {
    const { name } = definition;
    const paused = state.paused || this.register?.read(name)?.paused === true;
    this.register?.write(name, entryOf(definition, paused));
    const options = temporalSchedule(definition, { taskQueue: this.taskQueue, paused, note: state.note ?? '' });
    await this.handled(name, () =>
      this.client.schedule
        .getHandle(scheduleId(name))
        .update(() => ({ ...options, state: { paused, note: options.state?.note ?? '' } })),
    );
  }

  /** All schedules, by name. */
  async list(): Promise<ScheduleView[]> {
    const names = await this.names();
    const views = await Promise.all(names.map((name) => this.view(name, 1)));
    return views.flatMap((view) => (view === undefined ? [] : [view]));
  }

  /** A schedule, and what it has started. @throws OrchError `schedule_not_found` */
  async describe(name: string): Promise<ScheduleDetails> {
    const found = await this.view(name, RECENT);
    if (found === undefined) throw await this.notFound(name);
    return found;
  }

  /** What a schedule starts and when; undefined where there is none. @throws OrchError `forged` */
  async find(name: string): Promise<ReadSchedule | undefined> {
    try {
      return await readSchedule(this.client, name, this.signing !== undefined);
    } catch (error) {
      if (error instanceof OrchError && error.code === 'schedule_not_found') return undefined;
      throw error;
    }
  }

  /** Stops a schedule from starting anything; what it has started goes on. */
  async pause(name: string, note?: string): Promise<void> {
    await this.known(name);
    this.change(name, () => ({ paused: true }));
    await this.handled(name, () =>
      this.client.schedule.getHandle(scheduleId(name)).pause(note ?? `paused by ${startedBy()}`),
    );
  }

  /** Lets a schedule go on; for the times that have passed meanwhile nothing is started. */
  async resume(name: string, note?: string): Promise<void> {
    await this.known(name);
    this.change(name, () => ({ paused: false, since: Date.now() }));
    await this.handled(name, () =>
      this.client.schedule.getHandle(scheduleId(name)).unpause(note ?? `resumed by ${startedBy()}`),
    );
  }

  /** Starts a run now, also while the schedule is paused; and says what came of it. */
  async trigger(name: string, overlap?: Overlap): Promise<Triggered> {
    const { definition } = await this.known(name);
    const policy = OVERLAP_POLICIES[overlap ?? definition.overlap];
    const deadline = Date.now() + TRIGGER_MS;
    for (;;) {
      const triggered = await this.triggerOnce(name, policy);
      if (triggered.outcome !== 'skipped' || Date.now() > deadline || (await this.isAnyOpen(triggered.open)))
        return triggered;
      await sleep(POLL_MS); // the run has ended, and the service has not noticed yet
    }
  }

  /** Starts runs for the times of a range at which the schedule was due, one after the other unless told otherwise. */
  async backfill(name: string, range: { from: number; to: number }, overlap: Overlap = 'buffer-all'): Promise<void> {
    await this.known(name);
    this.grant(name, { id: newId(), ...range, until: Date.now() + BACKFILL_MS });
    const policy = { start: new Date(range.from), end: new Date(range.to), overlap: OVERLAP_POLICIES[overlap] };
    await this.handled(name, () => this.client.schedule.getHandle(scheduleId(name)).backfill(policy));
  }

  /** Removes a schedule; what it has started goes on. @throws OrchError `schedule_not_found` */
  async delete(name: string): Promise<void> {
    try {
      await throughOutages(() => this.client.schedule.getHandle(scheduleId(name)).delete());
    } catch (error) {
      const known = asScheduleError(error, name);
      throw known instanceof OrchError && known.code === 'schedule_not_found' ? await this.notFound(name) : known;
    } finally {
      this.register?.remove(name);
    }
  }

  private async triggerOnce(name: string, policy: ScheduleOverlapPolicy): Promise<Triggered> {
    const before = await describeSchedule(this.client, name);
    await nextSecond(before);
    const grant = newId();
    this.grant(name, { id: grant, at: Date.now() });
    await this.handled(name, () => this.client.schedule.getHandle(scheduleId(name)).trigger(policy));
    const triggered = await this.outcomeOf(name, before);
    // Nobody else may use it.
    if (triggered.outcome === 'skipped') {
      this.change(name, ({ grants }) => ({ grants: grants.filter(({ id }) => id !== grant) }));
    }
    return triggered;
  }

  private async isAnyOpen(runs: readonly string[]): Promise<boolean> {
    const views = await Promise.all(
      runs.map((run) => describeRun(this.client, run, this.signing).catch(() => undefined)), // it never began
    );
    return views.some((view) => view !== undefined && view.run.finished_at === undefined);
  }

  private get register(): ScheduleRegister | undefined {
    return this.signing?.schedules;
  }

  private async known(name: string): Promise<ReadSchedule> {
    const found = await this.find(name);
    if (found === undefined) throw await this.notFound(name);
    return found;
  }

  private async notFound(name: string): Promise<OrchError> {
    return scheduleNotFound(name, didYouMean(name, await this.names()));
  }

  private async names(): Promise<string[]> {
    const names: string[] = [];
    try {
      for await (const { scheduleId: id } of this.client.schedule.list()) {
        if (id.startsWith(SCHEDULE_PREFIX)) names.push(scheduleName(id));
      }
    } catch (error) {
      throw asOrchError(error);
    }
    return names.sort();
  }

  private async view(name: string, recent: number): Promise<ScheduleDetails | undefined> {
    let description: ScheduleDescription;
    try {
      description = await describeSchedule(this.client, name);
    } catch (error) {
      if (error instanceof OrchError && error.code === 'schedule_not_found') return undefined;
      throw error;
    }
    const definition = definitionIn(description, name, this.signing !== undefined);
    const entry = this.register?.read(name);
    const genuine = definition !== undefined && (this.register === undefined || entry?.id === definition.id);
    const paused = description.state.paused || entry?.paused === true;
    const runs = await scheduledRuns(this.client, name, this.signing, recent);
    const { nextActionTimes, numActionsSkippedOverlap, numActionsMissedCatchupWindow } = description.info;
    return {
      name,
      state: !genuine ? 'foreign' : paused ? 'paused' : 'active',
      ...(description.state.note ? { note: description.state.note } : {}),
      ...(genuine ? { definition } : {}),
      next: genuine && !paused ? nextActionTimes.map((time) => time.getTime()) : [],
      ...(runs[0] === undefined ? {} : { last: runs[0] }),
      recent: runs,
      waiting: Number(description.raw.info?.bufferSize ?? 0),
      skipped: numActionsSkippedOverlap,
      missed: numActionsMissedCatchupWindow,
    };
  }

  private change(name: string, how: (entry: ScheduleEntry) => Partial<ScheduleEntry>): void {
    const entry = this.register?.read(name);
    if (entry !== undefined) this.register?.write(name, { ...entry, ...how(entry) });
  }

  private grant(name: string, grant: Grant): void {
    this.change(name, ({ grants }) => ({ grants: [...grants, grant].slice(-MOST_GRANTS) }));
  }

  private async handled(name: string, call: () => Promise<void>): Promise<void> {
    try {
      await throughOutages(call);
    } catch (error) {
      throw refusedSpec(error, name);
    }
  }

  /** The service takes a trigger before it has carried it out. */
  private async outcomeOf(name: string, before: ScheduleDescription): Promise<Triggered> {
    const deadline = Date.now() + TRIGGER_MS;
    const taken = new Set(before.info.recentActions.map(({ action }) => action.workflow.workflowId));
    for (;;) {
      const { info, raw } = await describeSchedule(this.client, name);
      const started = info.recentActions.map(({ action }) => action.workflow.workflowId).find((id) => !taken.has(id));
      const asked = started === undefined ? undefined : dueOf(started);
      if (asked !== undefined) return { outcome: 'started', due: asked.due, run_id: scheduledRunId(name, asked.due) };
      const open = info.runningActions.flatMap(({ workflow }) => {
        const by = dueOf(workflow.workflowId);
        return by === undefined ? [] : [scheduledRunId(name, by.due)];
      });
      if (info.numActionsSkippedOverlap > before.info.numActionsSkippedOverlap) return { outcome: 'skipped', open };
      const isBuffered = Number(raw.info?.bufferSize ?? 0) > Number(before.raw.info?.bufferSize ?? 0);
      if (isBuffered || Date.now() > deadline) return { outcome: 'waiting', open };
      await sleep(POLL_MS);
    }
  }
}

function definitionOf(toMake: ScheduleToMake): ScheduleDefinition {
  checkSchedule(toMake);
  const { name, timing, overlap = 'skip', catchUpSec = DEFAULT_CATCH_UP_SEC, plan_id, file, pinned } = toMake;
  return {
    schedule_version: SCHEDULE_VERSION,
    id: newId(),
    name,
    timing,
    overlap,
    catch_up_sec: catchUpSec,
    plan_id,
    inputs: { ...toMake.inputs },
    env: { ...toMake.env },
    created_by: startedBy(),
    created_at: Date.now(),
    ...defined({ file, pinned, base_dir: toMake.baseDir }),
  };
}

function entryOf({ id, created_at: since }: ScheduleDefinition, paused: boolean): ScheduleEntry {
  return { id, since, paused, grants: [] };
}

/** What is started is named after the second: of one there is one at most. */
async function nextSecond({ info }: ScheduleDescription): Promise<void> {
  const dues = info.recentActions.map(({ action }) => dueOf(action.workflow.workflowId)?.due ?? 0);
  const wait = Math.max(0, ...dues) + 1000 - Date.now();
  if (wait > 0 && wait <= 1000) await sleep(wait);
}

function newId(): string {
  return randomBytes(12).toString('hex');
}

function alreadyThere(name: string): OrchError {
  return new OrchError('schedule_exists', `There is already a schedule '${name}'`, {
    hint: `look at it with \`orch schedule describe ${name}\`; \`orch schedule apply\` changes one from its plan's file`,
  });
}

/** The server knows fewer time zones than this machine, or has a limit of its own. */
function refusedSpec(error: unknown, name: string): unknown {
  if (error instanceof TypeError)
    return new OrchError('invalid_schedule', `The service refuses the schedule '${name}': ${error.message}`);
  return asScheduleError(error, name);
}
