import { stat } from 'node:fs/promises';
import path from 'node:path';
import { cleanRecord } from './clean-record.js';
import { createFold, type Manifest, type ManifestFold, type RecordBatch, type RunEvent } from '../journal/index.js';
import { alignEvents, appendEvents, appendMissing } from './event-file.js';
import { makePrivateDir, runDir } from './paths.js';
import { replaceFile } from '../host/atomic-file.js';
import { defined } from '../basics/defined.js';
import { ManifestText } from './manifest-text.js';
import { jsonText, RECORD_FILES } from './write-record.js';

/** Gives the first events of a run, up to a number: they stand in histories that the run has left behind. */
export type EarlierEvents = (runId: string, upTo: number) => Promise<readonly RunEvent[]>;

type Whole = Extract<RecordBatch, { whole: true }>;

/** Milliseconds between two writes; what comes in between goes into the next one. */
const MIN_PAUSE_MS = 100;
/**
 * A large manifest is written less often than events, so that making it takes no more than a twentieth of the time, and
 * the disk gets no more than this of it: that of 100,000 steps has 55 MB.
 */
const PAUSE_FACTOR = 20;
const CHARACTERS_A_MS = 5_000;
/** Milliseconds until a write that failed is tried again. */
const RETRY_PAUSE_MS = 2000;

/** What is to be written: `whole` is set where the files may lack more than the events, or say otherwise. */
interface Unwritten {
  events: RunEvent[];
  whole?: Whole;
}

interface LiveRecordOptions {
  /** Is told of every write, with the error where it failed. */
  onWritten: (error?: Error) => void;
  earlier: EarlierEvents;
}

/**
 * Keeps `events.ndjson`, `manifest.json` and `plan.json` of an open run, at best effort, as the news come in. One write
 * is under way at a time, and it takes along all that is there when it begins.
 */
export class LiveRecord {
  private readonly folder: string;
  /** Absent until what earlier histories hold has been read. */
  private fold: ManifestFold | undefined;
  private text: ManifestText | undefined;
  private lastSeq = 0;
  /** What may not be in the files yet. Where it has a `whole`, its events are all that there are. */
  private unwritten: Unwritten = { events: [] };
  /** A write has failed half-way. */
  private unsure = false;
  /** What the file of events has; undefined where that is not known. */
  private bytes: number | undefined;
  private writing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Milliseconds to the next write. A run that has just begun is shown at once. */
  private pause = 0;
  private dirty = false;
  /** The manifest lacks events that are in the other file. */
  private late = false;
  /** When it may be written again, on the clock of `performance.now()`. */
  private manifestDue = 0;
  private stopped = false;

  constructor(
    stateDir: string,
    first: Whole,
    private readonly options: LiveRecordOptions,
  ) {
    this.folder = runDir(stateDir, first.run_id);
    this.begin(first);
  }

  take(batch: RecordBatch): void {
    // It goes on in a new history, and nothing is missing here.
    const goesOn = batch.whole && batch.after !== undefined && batch.after === this.lastSeq && !this.unsure;
    if (batch.whole && !goesOn) this.begin(batch);
    else this.add(batch.events);
  }

  /** Writes the events that are not written yet, and does not fail. @param all the manifest, too */
  async flush(all = false): Promise<void> {
    await this.writing;
    this.unschedule();
    if (all) this.manifestDue = 0;
    if ((this.dirty || (all && this.late)) && !this.stopped) await this.write();
  }

  /**
   * Writes what is not written yet of a run that has ended with this event, and then no more.
   *
   * @returns its manifest; undefined where the files lack something, or may do so: then they are written whole
   */
  async finish(lastSeq: number): Promise<Manifest | undefined> {
    this.late = true; // whatever may have become of the file
    await this.flush(true);
    await this.stop();
    const isWritten = this.lastSeq === lastSeq && !this.dirty && !this.late;
    return isWritten && (await this.isThere()) ? this.fold?.manifest : undefined;
  }

  /** Ends the writing: somebody else writes the record now. Resolves once nothing is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.writing;
  }

  /** Whether the files are as they were written: somebody may have removed them, or cleared the folder. */
  private async isThere(): Promise<boolean> {
    try {
      const [events] = await Promise.all([stat(this.file('events')), stat(this.file('plan'))]);
      return events.size === this.bytes;
    } catch {
      return false;
    }
  }

  private begin(given: Whole): void {
    const whole = cleanRecord(given);
    this.lastSeq = whole.after ?? 0;
    this.fold = this.lastSeq === 0 ? createFold(whole.about) : undefined;
    this.text = undefined;
    this.unwritten = { events: [], whole };
    this.add(whole.events);
  }

  private add(fresh: readonly RunEvent[]): void {
    for (const event of fresh) {
      if (event.seq !== this.lastSeq + 1) continue; // told before
      this.lastSeq = event.seq;
      this.fold?.apply(event);
      this.unwritten.events.push(event);
      if (!this.dirty) this.unschedule(); // that was for the manifest alone
      this.dirty = true;
    }
    this.schedule();
  }

  private schedule(): void {
    const nothing = !this.dirty && !this.late;
    if (nothing || this.stopped || this.timer !== undefined || this.writing !== undefined) return;
    const pause = this.dirty ? this.pause : Math.max(this.pause, this.manifestDue - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.write();
    }, pause);
    this.timer.unref();
  }

  private unschedule(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private write(): Promise<void> {
    this.writing = this.writeOnce().finally(() => {
      this.writing = undefined;
      this.schedule();
    });
    return this.writing;
  }

  private async writeOnce(): Promise<void> {
    const mine = this.unwritten;
    this.unwritten = { events: [] };
    this.dirty = false;
    try {
      await this.writeFiles(mine);
      this.pause = MIN_PAUSE_MS;
      this.options.onWritten();
    } catch (error) {
      this.putBack(mine);
      this.pause = RETRY_PAUSE_MS;
      this.options.onWritten(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private async writeFiles({ events, whole }: Unwritten): Promise<void> {
    const before = whole?.after ? await this.options.earlier(whole.run_id, whole.after) : [];
    // What has come in while those were read belongs to it.
    if (whole !== undefined) this.fold ??= foldOf(whole, [...before, ...events, ...this.unwritten.events]);
    const began = performance.now();
    // As of the events that are being written.
    const text = began >= this.manifestDue ? (this.text ??= new ManifestText(this.fold!)).now() : undefined;
    const made = performance.now() - began;
    if (whole !== undefined) {
      makePrivateDir(this.folder);
      await replaceFile(this.file('plan'), jsonText(whole.plan));
      this.bytes = await alignEvents(this.file('events'), [...before, ...events]);
    } else await this.append(events);
    this.unsure = false;
    this.late = true;
    if (text === undefined) return;
    await replaceFile(this.file('manifest'), text.pieces);
    this.late = false;
    this.manifestDue = performance.now() + Math.max(made * PAUSE_FACTOR, text.characters / CHARACTERS_A_MS);
  }

  private async append(events: readonly RunEvent[]): Promise<void> {
    const { bytes } = this;
    this.bytes = undefined;
    if (this.unsure) await appendMissing(this.file('events'), events);
    else {
      const more = await appendEvents(this.file('events'), events);
      if (bytes !== undefined) this.bytes = bytes + more;
    }
  }

  private putBack({ events, whole }: Unwritten): void {
    if (this.unwritten.whole !== undefined) return; // all of it has come anew
    this.unwritten = { events: [...events, ...this.unwritten.events], ...defined({ whole }) };
    this.unsure = true;
    this.dirty = true;
  }

  private file(name: keyof typeof RECORD_FILES): string {
    return path.join(this.folder, RECORD_FILES[name]);
  }
}

function foldOf({ about }: Whole, events: readonly RunEvent[]): ManifestFold {
  const fold = createFold(about);
  for (const event of events) fold.apply(event);
  return fold;
}
