import path from 'node:path';
import { cleanRecord } from './clean-record.js';
import { createFold, type ManifestFold, type RecordBatch, type RunEvent } from '../journal/index.js';
import { alignEvents, appendEvents, appendMissing } from './event-file.js';
import { makePrivateDir, runDir } from './paths.js';
import { replaceFile } from '../host/atomic-file.js';
import { jsonText, RECORD_FILES } from './write-record.js';

/** The record of a run that goes on, written as the news come in. */
export interface LiveRecord {
  take(batch: RecordBatch): void;
  /** Writes what is not written yet, and does not fail. */
  flush(): Promise<void>;
  /** Ends the writing: somebody else writes the record now. Resolves once nothing is under way. */
  stop(): Promise<void>;
}

/** Gives the first events of a run, up to a number: they stand in histories that the run has left behind. */
export type EarlierEvents = (runId: string, upTo: number) => Promise<readonly RunEvent[]>;

type Whole = Extract<RecordBatch, { whole: true }>;

/** Milliseconds between two writes; what comes in between goes into the next one. */
const MIN_PAUSE_MS = 100;
/** A large manifest is written less often, so that writing takes no more than a twentieth of the time. */
const PAUSE_FACTOR = 20;
/** Milliseconds until a write that failed is tried again. */
const RETRY_PAUSE_MS = 2000;

/**
 * Keeps `events.ndjson`, `manifest.json` and `plan.json` of an open run, at best effort. One write is under way at a
 * time, and it takes along all that is there when it begins.
 *
 * @param options.onWritten is told of every write, with the error where it failed
 */
export function createLiveRecord(
  stateDir: string,
  first: Whole,
  { onWritten, earlier }: { onWritten: (error?: Error) => void; earlier: EarlierEvents },
): LiveRecord {
  const folder = runDir(stateDir, first.run_id);
  const file = (name: keyof typeof RECORD_FILES): string => path.join(folder, RECORD_FILES[name]);
  let fold: ManifestFold | undefined; // absent until what earlier histories hold has been read
  let lastSeq = 0;
  let events: RunEvent[] = []; // those that may not be in the file yet
  let whole: Whole | undefined; // set while the file may lack more than those, or say otherwise; `events` is then all
  let unsure = false; // a write has failed half-way
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let pause = 0; // a run that has just begun is shown at once
  let dirty = false;
  let stopped = false;
  begin(first);

  return {
    take(batch) {
      // It goes on in a new history, and nothing is missing here.
      const goesOn = batch.whole && batch.after !== undefined && batch.after === lastSeq && !unsure;
      if (batch.whole && !goesOn) begin(batch);
      else add(batch.events);
    },
    async flush() {
      await writing;
      clearTimeout(timer);
      timer = undefined;
      if (dirty && !stopped) await write();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await writing;
    },
  };

  function begin(given: Whole): void {
    const batch = cleanRecord(given);
    whole = batch;
    lastSeq = batch.after ?? 0;
    fold = lastSeq === 0 ? createFold(batch.about) : undefined;
    events = [];
    add(batch.events);
  }

  function add(fresh: readonly RunEvent[]): void {
    for (const event of fresh) {
      if (event.seq !== lastSeq + 1) continue; // told before
      lastSeq = event.seq;
      fold?.apply(event);
      events.push(event);
      dirty = true;
    }
    schedule();
  }

  function schedule(): void {
    if (!dirty || stopped || timer !== undefined || writing !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      void write();
    }, pause);
    timer.unref();
  }

  function write(): Promise<void> {
    writing = writeOnce().finally(() => {
      writing = undefined;
      schedule();
    });
    return writing;
  }

  async function writeOnce(): Promise<void> {
    const began = performance.now();
    const mine = events;
    const base = whole;
    events = [];
    whole = undefined;
    dirty = false;
    try {
      const before = base?.after ? await earlier(base.run_id, base.after) : [];
      if (fold === undefined && base !== undefined) fold = foldOf(base, [...before, ...mine, ...events]);
      const text = jsonText(fold!.manifest);
      if (base !== undefined) {
        makePrivateDir(folder);
        await replaceFile(file('plan'), jsonText(base.plan));
        await alignEvents(file('events'), [...before, ...mine]);
      } else await (unsure ? appendMissing : appendEvents)(file('events'), mine);
      unsure = false;
      await replaceFile(file('manifest'), text);
      pause = Math.max(MIN_PAUSE_MS, (performance.now() - began) * PAUSE_FACTOR);
      onWritten();
    } catch (error) {
      putBack(mine, base);
      pause = RETRY_PAUSE_MS;
      onWritten(error instanceof Error ? error : new Error(String(error)));
    }
  }

  function putBack(mine: readonly RunEvent[], base: Whole | undefined): void {
    if (whole !== undefined) return; // all of it has come anew
    events = [...mine, ...events];
    whole = base;
    unsure = true;
    dirty = true;
  }
}

function foldOf({ about }: Whole, events: readonly RunEvent[]): ManifestFold {
  const fold = createFold(about);
  for (const event of events) fold.apply(event);
  return fold;
}
