import { log, proxyLocalActivities, proxySinks, setHandler, workflowInfo, type Sinks } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import type { RunInput } from '../../contract/run-input.js';
import type { EngineEvent, Program, RunState, StepReport } from '../../engine/index.js';
import type { NotifyReport, NotifyTask } from '../../contract/notify.js';
import type { EventsPage, RecordBatch, RunRecord } from '../../contract/run-record.js';
import type { RunAbout } from '../../contract/run-about.js';
import type { RunEvent } from '../../contract/events.js';
import { aboutRun } from './about-run.js';
import { eventsQuery, planQuery } from '../../contract/run-messages.js';
import { Recorder, type VerbNote } from './recorder.js';

/** What the worker takes from a workflow for the files of its run. */
interface RecordSinks extends Sinks {
  record: { take(batch: RecordBatch): void };
}

/** Events of a page where the asker names no limit, and the most. */
const PAGE_EVENTS = 10_000;
/** Characters of a page: an answer above 2 MB fails. At least one event is given. */
const PAGE_CHARS = 1_000_000;

const { record } = proxySinks<RecordSinks>();
const { finishRecord, seal } = proxyLocalActivities<Pick<Activities, 'finishRecord' | 'seal'>>({
  // That of 100,000 steps, on a busy machine.
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: '4 minutes',
  retry: { initialInterval: '200 milliseconds', maximumAttempts: 3 },
});

/** The record of a run: its events, for whoever asks and for the files on the worker. */
export class RunJournal {
  readonly about: RunAbout;
  private readonly after: number;
  private readonly recorder: Recorder;
  /** The worker has no part of the record, or lacks some. */
  private behind = true;

  /** Begins the record of a run that has just started, or goes on with it in a new history. */
  constructor(
    program: Program,
    private readonly input: RunInput,
    state: RunState,
  ) {
    const about = aboutRun(program, input);
    const { plan, carried } = input;
    this.about = about;
    this.after = carried?.events ?? 0;
    this.recorder = new Recorder(program, this.tell, this.after);
    setHandler(eventsQuery, (question) => pageOf(this.recorder.events, this.after, question ?? {}), {
      description: 'The events of the run after the one with the number {"after": n}, at most {"limit": n}',
    });
    setHandler(planQuery, () => ({ about, plan }), { description: 'The plan as the run was started with it' });
    if (carried === undefined) this.recorder.began(factsOf(about), state);
  }

  /** Number of the last event. */
  get lastSeq(): number {
    return this.after + this.recorder.events.length;
  }

  /** The engine has taken an event in: see {@link Recorder}, as for all that the run tells. */
  took(event: EngineEvent, before: RunState['status'], state: RunState): void {
    this.recorder.took(event, before, state);
  }

  holdEnd(): void {
    this.recorder.holdEnd();
  }

  finish(at: number): void {
    this.recorder.finish(at);
  }

  told(task: Pick<NotifyTask, 'message' | 'to'>, report: NotifyReport, at: number): void {
    this.recorder.told(task, report, at);
  }

  asked(note: VerbNote, at: number): void {
    this.recorder.asked(note, at);
  }

  instance(step: number, index: number, at: number, news: { item?: string; report?: StepReport }): void {
    this.recorder.instance(step, index, at, news);
  }

  /**
   * Has the worker write the record to its end. Never fails: a record that cannot be written is no matter of the run.
   *
   * The worker has been told of all of it, as a rule. To hand it the whole would take a replay as long as a thousand
   * events, where the run has 100,000 steps; and nobody would read it.
   */
  async seal(): Promise<void> {
    try {
      if (this.input.engine_version >= 9 && (await finishRecord(this.toldUpTo()))) return;
      await seal(this.whole());
    } catch (error) {
      log.warn('The record of the run could not be written', { error });
    }
  }

  /** Number of the last event; null where the worker may not have been told of all. */
  private toldUpTo(): number | null {
    return this.behind || workflowInfo().unsafe.isReplaying ? null : this.lastSeq;
  }

  private readonly tell = (fresh: readonly RunEvent[]): void => {
    // What is decided again from history has been told once, maybe to a worker that is gone: the next news has it all.
    if (workflowInfo().unsafe.isReplaying) {
      this.behind = true;
      return;
    }
    const { run_id } = this.about;
    if (this.behind) record.take({ whole: true, run_id, ...this.whole() });
    else record.take({ whole: false, run_id, events: fresh });
    this.behind = false;
  };

  private whole(): RunRecord {
    const { about, after, recorder, input } = this;
    return { about, plan: input.plan, events: recorder.events, ...(after === 0 ? {} : { after }) };
  }
}

function factsOf(about: RunAbout): Parameters<Recorder['began']>[0] {
  return {
    run_id: about.run_id,
    plan_id: about.plan_id,
    plan_digest: about.plan_digest,
    steps: about.steps.length,
    created_at: about.created_at,
    ...(about.parent_run_id !== null && { parent_run_id: about.parent_run_id }),
    ...(about.rerun_of !== null && { rerun_of: about.rerun_of }),
    ...(about.started_by !== null && { started_by: about.started_by }),
  };
}

function pageOf(all: readonly RunEvent[], base: number, question: { after?: unknown; limit?: unknown }): EventsPage {
  const after = Math.max(0, wholeNumber(question.after, 0, base + all.length) - base);
  const limit = wholeNumber(question.limit, PAGE_EVENTS, PAGE_EVENTS);
  const events: RunEvent[] = [];
  let room = PAGE_CHARS;
  for (const event of all.slice(after, after + limit)) {
    room -= JSON.stringify(event).length;
    if (room < 0 && events.length > 0) break;
    events.push(event);
  }
  return { events, last_seq: base + all.length, ...(base === 0 ? {} : { after: base }) };
}

function wholeNumber(value: unknown, standard: number, most: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? Math.min(value, most) : standard;
}
