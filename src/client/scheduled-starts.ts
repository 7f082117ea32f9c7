import path from 'node:path';
import { once } from 'node:events';
import type { Client } from '@temporalio/client';
import { defined } from '../basics/defined.js';
import {
  SCHEDULE_VERSION,
  dueOf,
  scheduledRunId,
  type ScheduleDefinition,
  type ScheduledStarts,
} from '../contract/schedule-messages.js';
import type { Convert } from '../plan/files/converted.js';
import type { Diagnostic } from '../plan/model/diagnostic.js';
import { isDue } from '../plan/schedule/timing.js';
import type { ScheduleRegister } from '../temporal/schedule-register.js';
import { describeRun } from './describe.js';
import { OrchError } from './errors.js';
import { loadPlanFile } from './plan-files.js';
import { prepareRun, type PreparedRun } from './prepare.js';
import { readSchedule } from './read-schedule.js';
import { requestCancel } from './request-cancel.js';
import type { ClientSigning } from './sealed-result.js';
import { asOrchError } from './service-errors.js';
import { pageOrigin } from './page-origin.js';
import { startRun } from './start-run.js';
import type { PlanToStart } from './types.js';

/** Diagnostics that a reason quotes. */
const MOST_QUOTED = 5;

/** How a worker starts what is due. */
export interface StarterOptions {
  client: Client;
  taskQueue: string;
  /** Environment of the worker's steps. */
  env: Readonly<Record<string, string | undefined>>;
  /** Of the embedded service, which believes only what orch has said. */
  signing?: ClientSigning & { schedules: ScheduleRegister };
  /** Reads files of other systems. */
  convert?: Convert;
}

/** Makes what the worker does for schedules. */
export function createScheduledStarts(options: StarterOptions): ScheduledStarts {
  const { client, taskQueue, signing } = options;
  return {
    async start({ workflowId, runId: user }) {
      const asked = dueOf(workflowId);
      if (asked === undefined) throw notAllowed(`'${workflowId}' is not what a schedule of orch starts`);
      const { name, due } = asked;
      const { definition } = await readSchedule(client, name, signing !== undefined);
      admit(options, definition, { due, user });
      const run = await prepared(options, definition, scheduledRunId(name, due));
      try {
        return await startRun(
          { client, taskQueue, signing, page: pageOrigin(options.env, signing !== undefined) },
          run,
        );
      } catch (error) {
        if (error instanceof OrchError && error.code === 'run_exists') return startedBefore(options, run);
        throw error;
      }
    },
    async endOf({ run_id }, signal) {
      await untilClosed(client, run_id, signal);
      if (signal.aborted) return undefined;
      try {
        const { run } = await describeRun(client, run_id, signing);
        return run.finished_at === undefined ? undefined : { run_id, status: run.status };
      } catch (error) {
        if (error instanceof OrchError && error.code === 'run_not_found') return { run_id, status: 'unknown' };
        throw error;
      }
    },
    async cancel({ run_id, temporal_run_id }, by) {
      const handle = client.workflow.getHandle(run_id, undefined, { firstExecutionRunId: temporal_run_id });
      try {
        await requestCancel(handle, by);
      } catch (error) {
        const known = asOrchError(error, run_id);
        if (known instanceof OrchError && ['run_closed', 'run_not_found'].includes(known.code)) return;
        throw known;
      }
    },
  };
}

/**
 * However it ends; that it did not is seen afterwards. A worker's connection cannot end a call, so a wait that is given up
 * is left alone: it is over with the run, or with the connection.
 */
async function untilClosed(client: Client, runId: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const seen = new AbortController();
  const givenUp = once(signal, 'abort', { signal: seen.signal });
  const closed = client.workflow.getHandle(runId).result();
  await Promise.race([closed, givenUp]).catch(() => {});
  seen.abort();
  await givenUp.catch(() => {});
  closed.catch(() => {});
}

/** What the run of a schedule says of who has started it. */
function startedBySchedule(name: string): string {
  return `schedule ${name}`;
}

/** @throws OrchError `refused` where the embedded service has not heard of this from orch itself */
function admit(
  { signing }: StarterOptions,
  { id, name, timing, schedule_version: version }: ScheduleDefinition,
  { due, user }: { due: number; user: string },
): void {
  if (version > SCHEDULE_VERSION) {
    throw new OrchError('refused', `A newer orch made the schedule '${name}': upgrade the worker`);
  }
  const asked = { name, definition: id, due, isDue: isDue(timing, due), user };
  const why = signing?.schedules.admit(asked, Date.now());
  if (why !== undefined) throw notAllowed(why);
}

function notAllowed(why: string): OrchError {
  return new OrchError('refused', why);
}

async function prepared(options: StarterOptions, definition: ScheduleDefinition, runId: string): Promise<PreparedRun> {
  const { name, inputs, env, base_dir: baseDir, file } = definition;
  const planFile = file === undefined ? undefined : path.resolve(baseDir ?? '/', file);
  const embedded = options.signing !== undefined;
  try {
    return prepareRun(
      await planOf(options, definition),
      { runId, inputs, env, from: options.env, startedBy: startedBySchedule(name), ...defined({ baseDir, planFile }) },
      embedded,
    );
  } catch (error) {
    if (!(error instanceof OrchError) || error.diagnostics === undefined) throw error;
    throw new OrchError('invalid_plan', quoted(error.diagnostics, definition.file));
  }
}

async function planOf(
  { convert }: StarterOptions,
  { file, pinned, base_dir: cwd }: ScheduleDefinition,
): Promise<PlanToStart> {
  if (pinned !== undefined) return pinned;
  if (file === undefined) throw new OrchError('refused', 'The schedule has neither a plan nor a file');
  const loaded = await loadPlanFile(file, defined({ cwd, convert }));
  if (loaded.ok) return loaded.value;
  throw new OrchError('invalid_plan', quoted(loaded.error, file));
}

/** Errors in a line each, with their places. */
function quoted(diagnostics: readonly Diagnostic[], plan = ''): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const lines = errors.slice(0, MOST_QUOTED).map(({ code, message, file = plan, line, column }) => {
    const place = [file, line, column].filter((part) => part !== undefined && part !== '').join(':');
    return `${place === '' ? '' : `${place}: `}${message} [${code}]`;
  });
  const left = errors.length - lines.length;
  return [...lines, ...(left > 0 ? [`and ${left} more`] : [])].join('\n');
}

/** An earlier attempt got through, and only its answer was lost. */
async function startedBefore(
  { client, signing }: StarterOptions,
  { runId = '', startedBy }: PreparedRun,
): ReturnType<ScheduledStarts['start']> {
  const { run, temporal_run_id } = await describeRun(client, runId, signing);
  if (run.started_by === startedBy) return { run_id: runId, temporal_run_id };
  throw new OrchError('run_exists', `There is already a run with the id '${runId}', which no schedule has started`);
}
