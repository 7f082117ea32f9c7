import type { Client, Connection } from '@temporalio/client';
import { noStep } from '../plan/problems/no-step.js';
import { defined } from '../basics/defined.js';
import {
  explainQuery,
  progressQuery,
  RUN_PLAN,
  type Explanation,
  type ProgressView,
} from '../contract/run-messages.js';
import { DEFAULT_TASK_QUEUE } from '../temporal/settings.js';
import { forCallsInTurn } from './calls-in-turn.js';
import { describeRun, unservedText, type DescribedRun } from './describe.js';
import { endedProgress, explainEnded, type ReadFiles } from './ended-run.js';
import { OrchError } from './errors.js';
import { readPastRun } from './past-run.js';
import type { ClientSigning } from './sealed-result.js';
import { asOrchError, busy, onceItAnswers, withDeadline } from './service-errors.js';
import { endedUnbegun, noRecord } from './unbegun.js';
import { isPolled } from './unserved-queues.js';
import { whyStuck } from './why-stuck.js';

/** Milliseconds that a query waits: it hangs while no worker runs. */
const QUERY_DEADLINE_MS = 2_000;

/** What of a client's options its questions need. */
interface Reach {
  signing?: ClientSigning;
  readFiles?: ReadFiles;
  workerRuns?: () => boolean;
  taskQueue?: string;
}

/** What runs are asked: the open ones by queries, the closed ones by what is known of them. */
export class RunQuestions {
  constructor(
    private readonly options: Reach,
    private readonly connection: Connection,
    private readonly client: Client,
  ) {}

  /** As `OrchClient.progress`. */
  async progress(runId: string, since?: number, signal?: AbortSignal): Promise<ProgressView> {
    const ask = (): Promise<ProgressView> =>
      this.client.workflow.getHandle(runId).query(progressQuery, defined({ since }));
    const inTurn = signal && forCallsInTurn(signal); // a run that has not begun is asked many times
    try {
      return await onceItAnswers(
        () =>
          withDeadline(this.connection, QUERY_DEADLINE_MS, () =>
            inTurn === undefined ? ask() : this.connection.withAbortSignal(inTurn, ask),
          ),
        () => this.isOpen(runId),
      );
    } catch (error) {
      throw await this.whyNoAnswer(error, runId);
    }
  }

  /** The progress of a run, which is asked only while it is open, or where nothing else tells. */
  async progressOf(described: DescribedRun): Promise<ProgressView> {
    const { run } = described;
    const { signing, readFiles } = this.options;
    const ended =
      run.finished_at === undefined ? undefined : await endedProgress(this.client, described, signing, readFiles);
    return ended ?? this.progress(run.run_id);
  }

  /** As `OrchClient.explain`. */
  async explain(runId: string, step: string): Promise<Explanation> {
    const described = await describeRun(this.client, runId, this.options.signing);
    const ended = await this.explainEnded(described, step);
    if (ended !== undefined) return ended;
    try {
      const answer = await onceItAnswers(
        () =>
          withDeadline(this.connection, QUERY_DEADLINE_MS, () =>
            this.client.workflow.getHandle(runId).query(explainQuery, { step }),
          ),
        () => this.isOpen(runId),
      );
      return withQueue(answer, described.pending);
    } catch (error) {
      const known = await this.whyNoAnswer(error, runId);
      throw (await endedUnbegun(this.client, runId, known)) ? noRecord(runId) : known;
    }
  }

  /** Of a closed run, where its plan can be read and its end is known. */
  private async explainEnded(described: DescribedRun, step: string): Promise<Explanation | undefined> {
    const { signing, readFiles } = this.options;
    const runId = described.run.run_id;
    if (described.run.finished_at === undefined || described.workflow_type !== RUN_PLAN) return undefined;
    const progress = await endedProgress(this.client, described, signing, readFiles);
    if (progress === undefined) return undefined;
    const { plan } = await readPastRun(this.client, runId, signing, async () => progress, readFiles);
    const found = explainEnded(plan, progress, step);
    if (found !== undefined) return found;
    throw new OrchError(
      'refused',
      noStep(
        step,
        progress.steps.map(({ id }) => id),
      ),
    );
  }

  private async isOpen(runId: string): Promise<boolean> {
    return (await describeRun(this.client, runId, this.options.signing)).run.finished_at === undefined;
  }

  /** A run may be stuck, its worker may be at work on it for long, or there is none. */
  private async whyNoAnswer(error: unknown, runId: string): Promise<unknown> {
    const why = await whyStuck(this.client, runId, asOrchError(error, runId));
    if (!(why instanceof OrchError) || why.code !== 'no_worker') return why;
    const { workerRuns, taskQueue = DEFAULT_TASK_QUEUE } = this.options;
    const works = workerRuns === undefined ? await isPolled(this.client, taskQueue) : workerRuns();
    return works ? busy(runId, error) : why;
  }
}

/** What the run takes for running may lie in a queue that nobody polls: only the service knows. */
function withQueue(answer: Explanation, pending: DescribedRun['pending']): Explanation {
  const queue = pending.get(answer.step)?.unserved;
  if (queue === undefined || answer.status !== 'running') return answer;
  const lines = answer.lines.filter((line) => line !== 'It runs.');
  return { ...answer, lines: [`It is ${unservedText(queue)}.`, ...lines] };
}
