import { setTimeout as sleep } from 'node:timers/promises';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type Client,
  type Connection,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { defineQuery } from '@temporalio/workflow';
import { loopQueue } from '../loop/roles.js';
import { initialState, type LoopState } from '../loop/turns.js';
import { DEFAULT_TASK_QUEUE } from '../temporal/settings.js';
import {
  LOOP_INPUT,
  LOOP_TURNS,
  LOOP_VERSION,
  LOOP_VIEW,
  ORCH_LOOP,
  type LoopEnd,
  type LoopInput,
  type LoopVerb,
  type LoopVerbInput,
  type LoopView,
  type TurnRecord,
} from '../contract/loop-messages.js';
import { plain } from '../contract/seal.js';
import { OrchError } from './errors.js';
import { isGenuineSuccess } from './genuine-success.js';
import type { LoopDescription, LoopSummary, LoopToStart, StartedLoop } from './loop-types.js';
import { pendingTurn } from './pending-turn.js';
import { checkChosenId } from './reserved-ids.js';
import { genuineEnd, genuineFailure, type ClientSigning } from './sealed-result.js';
import { sendUpdate } from './send-verb.js';
import { asOrchError, onceItAnswers, throughOutages, withDeadline } from './service-errors.js';
import { defined } from '../basics/defined.js';

const QUERY_DEADLINE_MS = 2_000;

/** Starts, follows and steers loops; made by `OrchClient.loops()`. */
export class LoopClient {
  constructor(
    private readonly client: Client,
    private readonly connection: Connection,
    private readonly link: (loopId: string, runId: string) => { web_ui?: string },
    private readonly taskQueue: string = DEFAULT_TASK_QUEUE,
    private readonly signing?: ClientSigning,
  ) {}

  /**
   * Starts a loop. One that was there before and has ended under this id is followed by this one, whose turns have names
   * of their own: what is left of the turns of the other one is not theirs.
   *
   * @throws OrchError `run_exists` while a loop of this id is open; `service_unreachable`
   */
  async start(loopId: string, toStart: LoopToStart): Promise<StartedLoop> {
    const { config, baseDir, env, claims = false } = toStart;
    const began_at = Date.now();
    // A service forgets what ended long ago: only a loop that begins at the first turn, and that nobody knows, is new.
    const isNew = !claims && toStart.state === undefined && (await this.find(loopId)) === undefined;
    const state: LoopState = {
      ...(toStart.state ?? initialState(config)),
      ...(isNew ? {} : { generation: began_at.toString(36) }),
      ...(claims ? { claims } : {}),
    };
    return this.startWith(loopId, {
      loop_version: LOOP_VERSION,
      config,
      ...(config.mode === 'role' ? {} : { base_dir: baseDir }),
      queue: this.taskQueue,
      env,
      carried: {
        state,
        last_iteration: state.iteration + config.max_iterations - 1,
        used: { tokens: 0, cost_usd: 0, wall_sec: 0 },
        turns: [],
        next_seq: 1,
        began_at,
      },
    });
  }

  /**
   * Goes on with a loop that has ended, where it ended: a failed turn is taken again, with the same prompt.
   *
   * @param more further iterations, counted from the one it is at; default those that are left
   * @param now what it is to be run with from now on; default what it was started with
   * @param at where it goes on; default where it ended
   * @throws OrchError `run_exists` where it is open; `run_not_found`; `refused` where it has made all its iterations
   */
  async resumeEnded(
    loopId: string,
    { more, now, at }: { more?: number; now?: LoopToStart; at?: LoopState } = {},
  ): Promise<StartedLoop & { state: LoopState }> {
    const before = await this.input(loopId);
    const { paused: _, ...carried } = before.carried;
    const state: LoopState = at === undefined ? carried.state : { ...at, generation: Date.now().toString(36) };
    const last_iteration = more === undefined ? carried.last_iteration : state.iteration + more - 1;
    if (state.iteration > last_iteration && state.phase === 'turn') {
      throw new OrchError(
        'refused',
        `The loop '${loopId}' has made all its iterations: ${carried.last_iteration} was the last`,
        {
          hint: '`--max-iterations N` makes N more',
        },
      );
    }
    const fresh =
      now === undefined
        ? {}
        : { config: now.config, env: now.env, ...(now.config.mode === 'role' ? {} : { base_dir: now.baseDir }) };
    const started = await this.startWith(loopId, {
      ...before,
      ...fresh,
      carried: { ...carried, state, last_iteration },
    });
    return { ...started, state };
  }

  /** What a loop was started with, and where it stands: open or closed. @throws OrchError `run_not_found`, `no_worker` */
  async input(loopId: string): Promise<LoopInput> {
    const { status } = await this.describeExecution(loopId);
    if (status.name === 'COMPLETED' || status.name === 'FAILED') {
      const end = await this.end(loopId).catch(() => undefined);
      if (end !== undefined) return end.input;
    }
    return this.ask<LoopInput>(loopId, LOOP_INPUT);
  }

  /** Whether there is a loop of this id, and whether it is open. */
  async find(loopId: string): Promise<'open' | 'closed' | undefined> {
    try {
      const { status } = await this.describeExecution(loopId);
      return status.name === 'RUNNING' ? 'open' : 'closed';
    } catch (error) {
      if (error instanceof OrchError && error.code === 'run_not_found') return undefined;
      throw error;
    }
  }

  /** Loops, the one that was started last first; each once, as it is now. `limit` defaults to 20. */
  async list(limit = 20): Promise<LoopSummary[]> {
    const loops = new Map<string, LoopSummary>();
    try {
      // An execution that was continued as new is a part of a loop that another one goes on with.
      const query = `WorkflowType = '${ORCH_LOOP}' AND ExecutionStatus != 'ContinuedAsNew'`;
      for await (const execution of this.client.workflow.list({ query })) {
        const { workflowId, memo, startTime, closeTime } = execution;
        if (loops.has(workflowId)) continue;
        const folder = plain(memo?.['folder']);
        loops.set(workflowId, {
          loop_id: workflowId,
          service_status: await this.statusOf(execution),
          ...(typeof folder === 'string' ? { folder } : {}),
          started_at: startTime.getTime(),
          ...(closeTime === undefined ? {} : { finished_at: closeTime.getTime() }),
        });
        if (loops.size >= limit) break;
      }
    } catch (error) {
      throw asOrchError(error);
    }
    return [...loops.values()];
  }

  /** What a loop is doing. @throws OrchError `run_not_found`, `no_worker` */
  view(loopId: string): Promise<LoopView> {
    return this.ask<LoopView>(loopId, LOOP_VIEW);
  }

  /** The turns that ended after a number, and why they ran what they ran; the last ones of many. */
  turns(loopId: string, after = 0): Promise<readonly TurnRecord[]> {
    return this.ask<readonly TurnRecord[]>(loopId, LOOP_TURNS, { after });
  }

  /** A loop, with what the service knows of the turn that runs. @throws OrchError `run_not_found` */
  async describe(loopId: string): Promise<LoopDescription> {
    const described = await this.describeExecution(loopId);
    const { status, runId } = described;
    const known: LoopDescription = {
      loop_id: loopId,
      service_status: await this.statusOf(described),
      ...this.link(loopId, runId),
    };
    let view: LoopView | undefined;
    try {
      view = await this.view(loopId);
    } catch (error) {
      if (!(error instanceof OrchError && error.code === 'no_worker')) throw error;
    }
    const pending =
      status.name === 'RUNNING' ? await pendingTurn(this.client, described, { queue: this.taskQueue, ...view }) : {};
    return { ...known, ...pending, ...defined({ view }) };
  }

  /** Steers an open loop. @throws OrchError `refused`, `run_closed`, `run_not_found`, `no_worker` */
  async steer(loopId: string, verb: LoopVerb, input: LoopVerbInput): Promise<LoopView> {
    try {
      const receiver = { client: this.client, connection: this.connection, id: loopId, signing: this.signing };
      return await sendUpdate<LoopView>(receiver, { verb, given: input });
    } catch (error) {
      throw asOrchError(error, loopId);
    }
  }

  /** Waits for the end of a loop, through outages of the service and over continued runs. @throws OrchError `run_terminated` */
  async end(loopId: string, signal?: AbortSignal): Promise<LoopEnd> {
    for (;;) {
      try {
        const wait = (): Promise<unknown> => this.client.workflow.getHandle(loopId).result();
        const result = await (signal === undefined ? wait() : this.connection.withAbortSignal(signal, wait));
        return (await genuineEnd(this.client, loopId, result, this.signing)) as LoopEnd;
      } catch (error) {
        signal?.throwIfAborted();
        const known = await this.endOfFailure(loopId, error);
        if (known !== undefined) return known;
        await sleep(1000);
      }
    }
  }

  private async endOfFailure(loopId: string, error: unknown): Promise<LoopEnd | undefined> {
    if (error instanceof WorkflowFailedError) {
      const { cause } = error;
      if (cause instanceof ApplicationFailure && cause.type === 'LoopFailed') {
        await genuineFailure(this.client, loopId, cause.details, this.signing).catch((forged: unknown) => {
          throw asOrchError(forged, loopId);
        });
        return plain(cause.details?.[0]) as LoopEnd;
      }
      if (cause?.name === 'CancelledFailure') {
        return { view: await this.view(loopId), input: await this.ask<LoopInput>(loopId, LOOP_INPUT) };
      }
      const what = cause?.message ?? 'it was ended from the outside';
      throw new OrchError('run_terminated', `The loop '${loopId}' ended without a result: ${what}`, {
        hint: `\`orch loop resume ${loopId}\` continues where it was`,
        cause: error,
      });
    }
    const known = asOrchError(error, loopId);
    if (known instanceof OrchError && known.code === 'service_unreachable') return undefined;
    throw known;
  }

  private async startWith(loopId: string, input: LoopInput): Promise<StartedLoop> {
    checkChosenId(loopId);
    const { config, base_dir: dir, queue } = input;
    try {
      const handle = await throughOutages(() =>
        this.client.workflow.start(ORCH_LOOP, {
          workflowId: loopId,
          taskQueue: config.mode === 'role' ? loopQueue(queue) : queue,
          args: [input],
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          workflowIdConflictPolicy: 'FAIL',
          staticSummary: `Loop${dir === undefined ? '' : ` of ${dir}`}`.slice(0, 200),
          memo: { loop_version: input.loop_version, ...defined({ folder: dir }) },
        }),
      );
      return { loop_id: loopId, ...this.link(loopId, handle.firstExecutionRunId) };
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        throw new OrchError('run_exists', `The loop '${loopId}' is already running`, {
          hint: `\`orch loop watch ${loopId}\` follows it, \`orch loop stop ${loopId}\` ends it`,
        });
      }
      throw asOrchError(error, loopId);
    }
  }

  /** What the service says, unless it calls a loop completed that orch has not ended. */
  private async statusOf(execution: Parameters<typeof isGenuineSuccess>[1]): Promise<string> {
    const genuine = await isGenuineSuccess(this.client, execution, this.signing);
    return genuine ? execution.status.name.toLowerCase() : 'failed';
  }

  private async ask<T>(loopId: string, name: string, argument?: unknown): Promise<T> {
    const query = defineQuery<T, unknown[]>(name);
    const args = argument === undefined ? [] : [argument];
    try {
      return await onceItAnswers(() =>
        withDeadline(this.connection, QUERY_DEADLINE_MS, () =>
          this.client.workflow.getHandle(loopId).query(query, ...args),
        ),
      );
    } catch (error) {
      throw asOrchError(error, loopId);
    }
  }

  private async describeExecution(loopId: string): Promise<WorkflowExecutionDescription> {
    let described: WorkflowExecutionDescription;
    try {
      described = await throughOutages(() => this.client.workflow.getHandle(loopId).describe());
    } catch (error) {
      throw asOrchError(error, loopId);
    }
    if (described.type === ORCH_LOOP) return described;
    throw new OrchError('run_not_found', `'${loopId}' is not a loop`, {
      hint: `it is a run: \`orch status ${loopId}\``,
    });
  }
}
