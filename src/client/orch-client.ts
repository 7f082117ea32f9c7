import type { Client, Connection } from '@temporalio/client';
import { readRecord, type ReadRecord } from '../temporal/read-record.js';
import { firstExecutionOf } from '../temporal/run-chain.js';
import type { ScheduleRegister } from '../temporal/schedule-register.js';
import { DEFAULT_NAMESPACE, DEFAULT_TASK_QUEUE, type TemporalSettings } from '../temporal/settings.js';
import { forceCancel } from './force-cancel.js';
import { defined } from '../basics/defined.js';
import {
  type Explanation,
  type ProgressView,
  type RunResult,
  type VerbAccepted,
  type VerbName,
  type Verbs,
} from '../contract/run-messages.js';
import { ORCH_LOOP } from '../contract/loop-messages.js';
import { SHORT_RUN_PATH } from '../contract/names.js';
import { forCallsInTurn } from './calls-in-turn.js';
import { describeRun, withAttempts, type DescribedRun, type LiveStep } from './describe.js';
import type { ReadFiles } from './ended-run.js';
import type { Plan } from '../plan/model/plan.js';
import { OrchError } from './errors.js';
import { follow, type FollowOptions } from './follow.js';
import { openClient } from './open-client.js';
import { readPastRun } from './past-run.js';
import { listLocks, type LockView } from './locks.js';
import { LoopClient } from './loops.js';
import { listRuns, type ListOptions } from './list-runs.js';
import { prepareRun, type PreparedRun } from './prepare.js';
import type { PastRun } from './rerun-types.js';
import { requestCancel } from './request-cancel.js';
import { runOutcome } from './outcome.js';
import { RunQuestions } from './run-questions.js';
import { sendSignal, sendUpdate } from './send-verb.js';
import { SchedulesClient } from './schedules.js';
import { pageOrigin } from './page-origin.js';
import { startRun } from './start-run.js';
import { startedBy } from './started-by.js';
import {
  asOrchError,
  isUpdateLimit,
  onceItAnswers,
  runClosed,
  throughOutages,
  withDeadline,
} from './service-errors.js';
import { endedUnbegun, noRecord } from './unbegun.js';
import { otherVersions, type OtherVersions } from './other-versions.js';
import type { PlanToStart, RunDescription, RunSummary, StartOptions } from './types.js';

/** Milliseconds that a look at what the service knows may take: it answers by itself. */
const PULSE_DEADLINE_MS = 10_000;

export interface OrchClientOptions {
  service: TemporalSettings;
  /** Default `orch`. */
  taskQueue?: string;
  /**
   * Set for the embedded service only, which takes nothing that is not signed with this key. What closed before
   * `since`, milliseconds since the epoch, may have come without. `schedules` is what its worker believes of schedules.
   */
  signing?: { key: string; since: number; schedules?: ScheduleRegister };
  /** Says whether a worker serves the task queue; default: what the service knows, which is late by a minute. */
  workerRuns?: () => boolean;
  /** Reads the records of runs on this machine: closed runs are then told of without asking them. */
  readFiles?: ReadFiles;
  /** Milliseconds that a verb waits for a worker to answer; default 10,000. */
  answerMs?: number;
  /** Base address of the Web UI, for links; without it runs have none. */
  webUi?: string;
  /** Whether it has runs under a short address, as that of the embedded service has. Default false. */
  shortAddresses?: boolean;
}

/**
 * Starts, follows and steers runs.
 *
 * @example
 * ```ts
 * const client = await connectEmbedded(); // or OrchClient.connect({ service })
 * const plan = await loadPlanFile('plan.yaml');
 * if (!plan.ok) throw new Error(renderDiagnostics(plan.error));
 * const { run_id } = await client.start(plan.value, { inputs: { BRANCH: 'main' } });
 * const result = await client.result(run_id);
 * ```
 */
export class OrchClient {
  private readonly questions: RunQuestions;

  private constructor(
    private readonly options: OrchClientOptions,
    private readonly connection: Connection,
    private readonly client: Client,
  ) {
    this.questions = new RunQuestions(options, connection, client);
  }

  /** Connects. @throws OrchError `service_unreachable`. */
  static async connect(options: OrchClientOptions): Promise<OrchClient> {
    const { connection, client } = await openClient(options.service, options.signing?.key);
    return new OrchClient(options, connection, client);
  }

  /**
   * Makes a plan ready to start: checks it, and resolves its inputs, its environment and which steps it takes. A plan that
   * `loadPlanFile` gave is not checked a second time. Nothing is sent.
   *
   * @example
   * const prepared = client.prepare(plan.value, { inputs: { BRANCH: 'main' } });
   * for (const note of prepared.notes) console.warn(note);
   * const { run_id } = await client.start(prepared);
   * @throws OrchError `invalid_plan` with every diagnostic of plan, inputs and environment; `plan_too_large`; `refused` for
   * an id that orch keeps for itself.
   */
  prepare(toStart: PlanToStart, options: StartOptions = {}): PreparedRun {
    return prepareRun(toStart, options, this.options.signing !== undefined);
  }

  /**
   * Starts a run and returns at once. What {@link prepare} gave is started as it is; a plan is prepared first.
   *
   * @throws OrchError as of {@link prepare}; `run_exists`; `service_unreachable`.
   */
  start(prepared: PreparedRun): Promise<{ run_id: string; web_ui?: string }>;
  start(toStart: PlanToStart, options?: StartOptions): Promise<{ run_id: string; web_ui?: string }>;
  async start(
    given: PreparedRun | PlanToStart,
    options: StartOptions = {},
  ): Promise<{ run_id: string; web_ui?: string }> {
    const prepared = 'source' in given ? this.prepare(given, options) : given;
    const { client } = this;
    const { taskQueue = DEFAULT_TASK_QUEUE, signing } = this.options;
    const { run_id, temporal_run_id } = await startRun(
      { client, taskQueue, signing, page: pageOrigin(process.env, signing !== undefined) },
      prepared,
    );
    return { run_id, ...this.link(run_id, temporal_run_id) };
  }

  /**
   * What an earlier run was started with and what its steps did: what {@link decideRerun} works on.
   *
   * @throws OrchError `run_not_found`, `no_worker`.
   */
  async pastRun(runId: string): Promise<PastRun> {
    const { signing, readFiles } = this.options;
    const described = await describeRun(this.client, runId, signing);
    return readPastRun(this.client, runId, signing, () => this.questions.progressOf(described), readFiles);
  }

  /**
   * The plan of a run, open or not, from the start of its history. @throws OrchError `run_not_found`; also where this
   * version cannot read the plan.
   */
  async planOf(runId: string): Promise<Plan> {
    // Asked for no step, it reads the start only.
    return (await readPastRun(this.client, runId, this.options.signing, () => Promise.resolve({ steps: [] }))).plan;
  }

  /**
   * Waits for a run's end, through outages of the service. `signal` ends the waiting, not the run.
   *
   * @throws OrchError `run_not_found`, or `run_terminated` where the run was ended from outside and has no result.
   */
  result(runId: string, signal?: AbortSignal): Promise<RunResult> {
    return runOutcome(this.client, runId, this.options.signing, signal);
  }

  /** Follows a run to its end, reporting each change. See {@link FollowOptions}. */
  follow(runId: string, options: FollowOptions): Promise<RunResult> {
    return follow(this, runId, options);
  }

  /**
   * What a run is doing; with `since`, only the steps that changed after that version.
   *
   * @throws OrchError `no_worker`, or `run_busy` where there is one, when nobody answers within 2 s; `run_not_found`.
   */
  progress(runId: string, since?: number, signal?: AbortSignal): Promise<ProgressView> {
    return this.questions.progress(runId, since, signal);
  }

  /** A run's state, with its progress where a worker answers. @throws OrchError `run_not_found`. */
  async describe(runId: string): Promise<RunDescription> {
    const described = await describeRun(this.client, runId, this.options.signing);
    const { run, workflow_type: type, temporal_run_id, pending } = described;
    if (type === ORCH_LOOP) throw noPlan(runId);
    const link = this.link(runId, temporal_run_id);
    try {
      const progress = await this.questions.progressOf(described);
      return { ...run, ...link, progress: withAttempts(progress, pending), stale: false };
    } catch (error) {
      if (await endedUnbegun(this.client, runId, error)) return { ...run, ...link, stale: false };
      if (error instanceof OrchError && error.code === 'no_worker') return { ...run, ...link, stale: true };
      if (error instanceof OrchError && error.code === 'run_busy') {
        return { ...run, ...link, stale: true, busy: true };
      }
      if (error instanceof OrchError && error.code === 'run_stuck') {
        return { ...run, ...link, stale: true, stuck: error.message };
      }
      throw error;
    }
  }

  /**
   * What the service knows of a run without asking it: how many events its history has, so that one is asked only when
   * something has changed, and what the steps do that run now, by their ids. @throws OrchError `run_not_found`.
   */
  async pulse(runId: string, signal?: AbortSignal): Promise<{ events: number; live: ReadonlyMap<string, LiveStep> }> {
    const ask = (): Promise<DescribedRun> => describeRun(this.client, runId, this.options.signing, false);
    const inTurn = signal && forCallsInTurn(signal);
    const { events, pending } = await withDeadline(this.connection, PULSE_DEADLINE_MS, () =>
      inTurn === undefined ? ask() : this.connection.withAbortSignal(inTurn, ask),
    );
    return { events, live: pending };
  }

  /** What the service itself knows of a run; needs no worker. @throws OrchError `run_not_found`. */
  async summary(runId: string): Promise<RunSummary> {
    return (await describeRun(this.client, runId, this.options.signing)).run;
  }

  /** Runs, newest first, without those of sub-plans but for `all`. `limit` defaults to 20. */
  list(options: ListOptions = {}): Promise<RunSummary[]> {
    return listRuns(this.client, this.options.signing, options);
  }

  /**
   * Steers a run: `skip`, `cancelStep`, `retry`, `approve`, `reject`, `pause`, `resume`. Who asks is added.
   *
   * A run that has had as many updates as Temporal takes for one execution gets a signal instead, and `sent_as` says so.
   *
   * @example `await client.steer(runId, 'approve', { step: 'release', comment: 'looks good' })`
   * @throws OrchError `refused` with the reason; `run_not_found`, `run_closed`, `run_stuck`, `no_worker`.
   */
  async steer<V extends VerbName>(runId: string, verb: V, what: Verbs[V]): Promise<VerbAccepted> {
    const { client, connection } = this;
    const { signing, answerMs } = this.options;
    const receiver = { client, connection, id: runId, signing, ...defined({ answerMs }) };
    const sent = { verb, given: what, by: startedBy() };
    try {
      return await sendUpdate<VerbAccepted>(receiver, sent).catch(async (error: unknown) => {
        if (!isUpdateLimit(error)) throw error;
        await sendSignal(receiver, sent); // the update was not taken in, so nothing is done twice
        return this.afterSignal(runId, 'step' in what ? what.step : undefined);
      });
    } catch (error) {
      throw await this.stuckOr(asOrchError(error, runId), runId);
    }
  }

  /**
   * Why a step ran, waits, or ended as it did.
   *
   * @throws OrchError `refused` for an unknown step; `no_record` for a run that ended before it began; as of {@link progress}.
   */
  explain(runId: string, step: string): Promise<Explanation> {
    return this.questions.explain(runId, step);
  }

  /**
   * The record of a run: its events and what its manifest is made of ({@link manifestOf}). It is read from the run
   * itself, so a closed run has it as long as the service keeps its history, whatever has become of its files.
   *
   * @throws OrchError `run_not_found`, `no_worker`; `no_record` for a run that ended before it began.
   */
  async record(runId: string): Promise<ReadRecord> {
    let record: ReadRecord | undefined;
    try {
      record = await onceItAnswers(() => readRecord(this.client, runId));
    } catch (error) {
      throw asOrchError(error, runId);
    }
    if (record !== undefined) return record;
    throw noRecord(runId);
  }

  /**
   * The service's id of a closed run, by which its record is told from that of an earlier one of the same name; undefined
   * while it is open.
   *
   * @throws OrchError `run_not_found`
   */
  async closedAs(runId: string): Promise<string | undefined> {
    try {
      const last = await throughOutages(() => this.client.workflow.getHandle(runId).describe());
      return last.status.name === 'RUNNING' ? undefined : firstExecutionOf(last);
    } catch (error) {
      throw asOrchError(error, runId);
    }
  }

  /**
   * Asks a run to stop its steps and end as canceled; `force` also ends its `finally` steps. `by` says who asks, by default
   * you, as user@host. Returns at once. @throws OrchError `run_not_found`, `run_closed`.
   */
  async cancel(runId: string, options: { force?: boolean; by?: string } = {}): Promise<void> {
    // Temporal takes a cancel of a closed run without a word.
    const { run } = await describeRun(this.client, runId, this.options.signing);
    if (run.finished_at !== undefined) throw runClosed(runId, run.status);
    const { force, by = startedBy() } = options;
    const handle = this.client.workflow.getHandle(runId);
    try {
      await requestCancel(handle, by);
    } catch (error) {
      throw asOrchError(error, runId);
    }
    if (!force) return;
    await forceCancel(
      () => this.steer(runId, 'cancel', { force: true, by }),
      async () => (await describeRun(this.client, runId, this.options.signing)).run.finished_at === undefined,
    );
  }

  /**
   * Ends a run from outside, where no worker can: its steps are killed by the next look of their worker, and `finally`
   * steps do not run. For runs that are stuck; all others take {@link cancel}.
   *
   * @throws OrchError `run_not_found`, `run_closed`.
   */
  async terminate(runId: string, reason: string): Promise<void> {
    try {
      await throughOutages(() => this.client.workflow.getHandle(runId).terminate(reason));
    } catch (error) {
      throw asOrchError(error, runId);
    }
  }

  /** The locks that are held, with who holds each and who waits. @throws OrchError `no_worker`. */
  locks(): Promise<LockView[]> {
    return listLocks(this.client, this.connection);
  }

  /** Open runs that wait for another build of orch: a newer or an older one started them. Looks at 1,000 at most. */
  otherVersions(): Promise<OtherVersions> {
    return otherVersions(this.client);
  }

  /** Supervisor/engineer loops. */
  loops(): LoopClient {
    return new LoopClient(
      this.client,
      this.connection,
      (loopId, runId) => this.link(loopId, runId),
      this.options.taskQueue,
      this.options.signing,
    );
  }

  /** Schedules, which start runs by themselves. */
  schedules(): SchedulesClient {
    return new SchedulesClient(this.client, this.options.taskQueue, this.options.signing);
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    await this.connection.close();
  }

  /** A verb gets no answer from a run whose workflow tasks fail; a query is told that they do. */
  private async stuckOr(error: unknown, runId: string): Promise<unknown> {
    if (!(error instanceof OrchError) || error.code !== 'no_worker') return error;
    return this.progress(runId).then(
      () => error,
      (why: unknown) => (why instanceof OrchError && why.code === 'run_stuck' ? why : error),
    );
  }

  private async afterSignal(runId: string, about: string | undefined): Promise<VerbAccepted> {
    const { status, steps } = await this.progress(runId);
    const step = steps.find(({ id }) => id === about);
    if (step === undefined) return { status, sent_as: 'signal' };
    return { step: step.id, status: step.status, sent_as: 'signal' };
  }

  /** Where Temporal's Web UI shows a run; undefined where that is not known. */
  webUiOf(runId: string): string | undefined {
    const { webUi, shortAddresses } = this.options;
    if (webUi === undefined) return undefined;
    if (shortAddresses === true) return `${webUi}${SHORT_RUN_PATH}${encodeURIComponent(runId)}`;
    const namespace = this.options.service.namespace || DEFAULT_NAMESPACE;
    return `${webUi}/namespaces/${namespace}/workflows/${encodeURIComponent(runId)}`;
  }

  private link(runId: string, firstRunId: string): { web_ui?: string } {
    const page = this.webUiOf(runId);
    if (page === undefined) return {};
    return { web_ui: this.options.shortAddresses === true ? page : `${page}/${firstRunId}/history` };
  }
}

function noPlan(runId: string): OrchError {
  return new OrchError('run_not_found', `'${runId}' is a loop, not a run of a plan`, {
    hint: `\`orch loop status ${runId}\` shows it`,
  });
}
