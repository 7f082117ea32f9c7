import { existsSync } from 'node:fs';
import os from 'node:os';
import { Context } from '@temporalio/activity';
import { hasRoom } from '../../host/disk-room.js';
import { inspectTry } from '../../process/index.js';
import { GroupOrder } from '../../contract/group-order.js';
import { packReports, unpackTasks, type GroupReport, type StepGroup } from '../../contract/step-group.js';
import type { StepReport } from '../../contract/step-result.js';
import type { StepTask } from '../../contract/step-task.js';
import { recorded } from '../step/attempt-record.js';
import { GroupEnds } from './group-ends.js';
import { GroupQueue } from './group-queue.js';
import { whileIdle } from './processors.js';
import { runForAWhile } from './run-command.js';
import type { Execution, RunStepDeps } from '../step/execution.js';
import { readOutcome } from '../step/outcome-file.js';
import { completeTask } from '../step/shared-task.js';
import { tryDirOf } from '../step/try-folder.js';

/** Milliseconds for which further steps begin, and then those until what still runs is left to activities of its own. */
const WHILE = { begins: 500, waits: 1_000 };

/**
 * How many processes a group begins at once: where the processors are busy, more of them only take each other's time. As
 * long as these idle, as many again begin every so many milliseconds.
 */
const ABREAST = Math.max(4, os.availableParallelism() * 2);

/**
 * Makes the activity that runs a group of short steps. It needs no heartbeat, since it lasts a second at most. It never
 * fails: what it does not report as ended well goes to an activity of its own, which finds the process, or how it ended.
 */
export function createRunSteps(deps: RunStepDeps): (group: StepGroup) => Promise<GroupReport> {
  const queue = new GroupQueue();
  return async (group) => {
    if (deps.manyHosts) return { ...NOTHING, declined: true };
    const { cancellationSignal, info } = Context.current();
    // A second attempt comes after a worker that was lost, and the run may have been told to stop since.
    if (group.look === true || info.attempt > 1) return new GroupWork(deps, group).look();
    const report = await queue.run(() => new GroupWork(deps, group).begin(), cancellationSignal);
    return report ?? { ...NOTHING, waited: true };
  };
}

const NOTHING: GroupReport = { ended: [], reports: packReports([], [], false), begun: [] };

/** A group under way. */
class GroupWork {
  private readonly tasks: ReadonlyMap<number, StepTask>;
  private readonly began = Date.now();
  private readonly letGo = new AbortController();
  private readonly ended: number[] = [];
  private readonly reports: StepReport[] = [];
  private readonly begun = new Map<number, number>();
  private readonly ends: GroupEnds;
  private running = 0;
  /** Set once nothing more begins. */
  private stopped = false;

  constructor(
    private readonly deps: RunStepDeps,
    private readonly group: StepGroup,
  ) {
    this.tasks = unpackTasks(group);
    this.ends = new GroupEnds(tryDirOf(deps.stateDir, this.executionOf(this.tasks.get(group.started[0]!)!)));
  }

  /** Begins steps in their order, until time is up or one does not end well. */
  async begin(): Promise<GroupReport> {
    const order = new GroupOrder(this.group);
    let abreast = ABREAST;
    await this.forAWhile(async () => {
      await new Promise<void>((resolve) => {
        const pump = (): void => {
          while (this.running < Math.min(this.group.slots, abreast) && this.mayBegin()) {
            const place = order.next();
            if (place === undefined) break;
            void this.run(place).then((well) => {
              if (well && this.ends.note(place)) order.succeeded(place);
              else this.stopped = true;
              return pump();
            });
          }
          if (this.running > 0) return;
          unwatch();
          this.ends.close();
          resolve();
        };
        const unwatch = whileIdle(() => {
          abreast += ABREAST;
          pump();
        });
        pump();
      });
    });
    return this.report();
  }

  /**
   * Says what has become of the steps that an attempt before this one has begun, whose worker was lost. What that had taken
   * in comes first, as it did: some of it may have let others begin.
   */
  async look(): Promise<GroupReport> {
    const earlier = this.ends.read();
    await this.forAWhile(async () => {
      await Promise.all(
        [...this.tasks].map(async ([place, task]) => {
          const dir = tryDirOf(this.deps.stateDir, this.executionOf(task));
          if (hasStarted(dir)) await this.run(place);
          else if (existsSync(dir)) this.begun.set(place, this.began);
        }),
      );
    });
    const known = new Map(this.ended.map((place, i) => [place, this.reports[i]!]));
    const ended = [...new Set([...earlier, ...this.ended])].filter((place) => known.has(place));
    return this.report(
      ended,
      ended.map((place) => known.get(place)!),
    );
  }

  private mayBegin(): boolean {
    if (this.stopped || Date.now() - this.began >= WHILE.begins) return false;
    // The activity itself has one place of the worker.
    return (this.running === 0 || this.deps.places.free) && hasRoom(this.deps.stateDir);
  }

  private async forAWhile(act: () => Promise<void>): Promise<void> {
    const { cancellationSignal } = Context.current();
    const letGo = (): void => {
      this.stopped = true;
      this.letGo.abort();
    };
    const timer = setTimeout(letGo, WHILE.waits);
    cancellationSignal.addEventListener('abort', letGo); // the worker stops
    if (cancellationSignal.aborted) letGo();
    try {
      await act();
    } finally {
      clearTimeout(timer);
      cancellationSignal.removeEventListener('abort', letGo);
    }
  }

  /** Runs a step, and resolves to whether it has succeeded. Nothing more begins once one has not. */
  private async run(place: number): Promise<boolean> {
    this.running += 1;
    this.begun.set(place, Date.now());
    let report: StepReport | undefined;
    try {
      report = await this.deps.places.with(() => this.attempt(this.tasks.get(place)!));
    } catch {
      // Its own activity meets the same, and tells it.
    }
    this.running -= 1;
    if (report !== undefined) {
      this.begun.delete(place);
      this.ended.push(place);
      this.reports.push(report);
    }
    const well = report?.status === 'success';
    if (!well) this.stopped = true;
    return well;
  }

  private async attempt(given: StepTask): Promise<StepReport | undefined> {
    const task = await completeTask(this.deps.starts, { shared: this.group.shared, task: given });
    const execution = this.executionOf(task);
    const outcome = await runForAWhile(this.deps, execution, this.letGo.signal);
    if (outcome?.kind !== 'success') return undefined;
    const { duration_sec: _, ...report } = await recorded(execution, () => Promise.resolve(outcome.result));
    return report;
  }

  private executionOf(task: StepTask): Execution {
    const startedAt = Date.now();
    return {
      task,
      failures: 0,
      attempt: (task.attempts_before ?? 0) + 1,
      firstStartedAt: startedAt,
      startedAt,
      failedAttempts: [],
      host: this.deps.host,
      detached: 0,
    };
  }

  private report(ended: readonly number[] = this.ended, reports: readonly StepReport[] = this.reports): GroupReport {
    const ids = ended.map((place) => this.group.steps[place]!);
    return { ended, reports: packReports(reports, ids, this.group.tasks.usual !== undefined), begun: [...this.begun] };
  }
}

/** Whether there is a process, or an end, that one can wait for without beginning anything. */
function hasStarted(dir: string): boolean {
  const { status } = inspectTry(dir);
  return readOutcome(dir) !== undefined || status === 'running' || status === 'exited';
}
