import { log, proxyLocalActivities, proxySinks, setHandler, workflowInfo, type Sinks } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import type { RunInput } from '../../contract/run-input.js';
import type { Program, RunState } from '../../engine/index.js';
import type { EventsPage, RecordBatch } from '../../contract/run-record.js';
import type { RunEvent } from '../../contract/events.js';
import { aboutRun } from './about-run.js';
import { eventsQuery, planQuery } from '../../contract/run-messages.js';
import { createRecorder, type Recorder } from './recorder.js';

/** What the worker takes from a workflow for the files of its run. */
interface RecordSinks extends Sinks {
  record: { take(batch: RecordBatch): void };
}

/** The record of a run: its events, for whoever asks and for the files on the worker. */
export interface RunJournal extends Recorder {
  /** Number of the last event. */
  readonly lastSeq: () => number;
  /** Has the worker write the whole record. Never fails: a record that cannot be written is no matter of the run. */
  seal(): Promise<void>;
}

/** Events of a page where the asker names no limit, and the most. */
const PAGE_EVENTS = 10_000;
/** Characters of a page: an answer above 2 MB fails. At least one event is given. */
const PAGE_CHARS = 1_000_000;

const { record } = proxySinks<RecordSinks>();
const { seal } = proxyLocalActivities<Pick<Activities, 'seal'>>({
  startToCloseTimeout: '20 seconds',
  scheduleToCloseTimeout: '40 seconds',
  retry: { initialInterval: '200 milliseconds', maximumAttempts: 3 },
});

/** Begins the record of a run that has just started. */
export function openJournal(program: Program, input: RunInput, state: RunState): RunJournal {
  const about = aboutRun(program, input);
  const { plan, carried } = input;
  const after = carried?.events ?? 0;
  const from = after === 0 ? {} : { after };
  let behind = true; // the worker has no part of the record, or lacks some
  const recorder = createRecorder(
    program,
    (fresh) => {
      // What is decided again from history has been told once, maybe to a worker that is gone: the next news has it all.
      if (workflowInfo().unsafe.isReplaying) behind = true;
      else tell(fresh);
    },
    after,
  );
  setHandler(eventsQuery, (question) => pageOf(recorder.events, after, question ?? {}), {
    description: 'The events of the run after the one with the number {"after": n}, at most {"limit": n}',
  });
  setHandler(planQuery, () => ({ about, plan }), { description: 'The plan as the run was started with it' });
  const facts = {
    run_id: about.run_id,
    plan_id: about.plan_id,
    plan_digest: about.plan_digest,
    steps: about.steps.length,
    created_at: about.created_at,
    ...(about.parent_run_id !== null && { parent_run_id: about.parent_run_id }),
    ...(about.rerun_of !== null && { rerun_of: about.rerun_of }),
    ...(about.started_by !== null && { started_by: about.started_by }),
  };
  if (carried === undefined) recorder.began(facts, state);
  return {
    ...recorder,
    lastSeq: () => after + recorder.events.length,
    async seal() {
      try {
        await seal({ about, plan, events: recorder.events, ...from });
      } catch (error) {
        log.warn('The record of the run could not be written', { error });
      }
    },
  };

  function tell(fresh: readonly RunEvent[]): void {
    const { run_id } = about;
    if (behind) record.take({ whole: true, run_id, about, plan, events: recorder.events, ...from });
    else record.take({ whole: false, run_id, events: fresh });
    behind = false;
  }
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
