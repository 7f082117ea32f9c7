import path from 'node:path';
import { metricsOf, type Manifest, type RecordBatch, type RunRecord } from '../journal/index.js';
import { readFirstEvents } from './event-file.js';
import { LiveRecord, type EarlierEvents } from './live-record.js';
import { appendMetrics } from './metrics.js';
import { runDir } from './paths.js';
import { RECORD_FILES, writeRunRecord } from './write-record.js';

/** Records that are held in memory; of a run beyond that only the end is written. */
const MAX_RECORDS = 1000;

/** Keeps the records of all runs of a worker. */
export class RecordKeeper {
  /** In order of their last news. */
  private readonly records = new Map<string, LiveRecord>();
  private warned = false;

  /**
   * @param warn is told once that records cannot be written, and again only after one could
   * @param fromHistory reads what earlier histories of a run hold, where its files do not
   */
  constructor(
    private readonly stateDir: string,
    private readonly warn: (message: string) => void,
    private readonly fromHistory: EarlierEvents = noHistory,
  ) {}

  /** Takes news of a run; returns at once and never fails. */
  take(batch: RecordBatch): void {
    const { records, onWritten, earlier } = this;
    const { run_id } = batch;
    let record = records.get(run_id);
    if (record === undefined) {
      if (!batch.whole) return; // it was dropped; its end is written all the same
      record = new LiveRecord(this.stateDir, batch, { onWritten, earlier });
    } else {
      records.delete(run_id);
      record.take(batch);
    }
    records.set(run_id, record);
    this.dropOldest();
  }

  /**
   * Writes what is not written yet of a run that has ended with the event of that number.
   *
   * @returns false where the record may lack something: it is to be sealed whole
   */
  async finish(runId: string, lastSeq: number): Promise<boolean> {
    const live = this.records.get(runId);
    this.records.delete(runId);
    const manifest = await live?.finish(lastSeq);
    if (manifest === undefined) return false;
    await this.keepMetrics(manifest);
    return true;
  }

  /** Writes the whole record of a run that has ended. */
  async seal(record: RunRecord): Promise<void> {
    const { run_id } = record.about;
    const live = this.records.get(run_id);
    this.records.delete(run_id);
    await live?.stop();
    const before = record.after ? await this.earlier(run_id, record.after) : [];
    const manifest = await writeRunRecord(this.stateDir, { ...record, events: [...before, ...record.events] });
    await this.keepMetrics(manifest);
  }

  /** Writes the events that are not written yet of one run, which leaves a history behind. Never fails. */
  async flush(runId: string): Promise<void> {
    await this.records.get(runId)?.flush();
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    await Promise.all([...this.records.values()].map((record) => record.flush(true)));
  }

  private readonly onWritten = (error?: Error): void => {
    if (error === undefined) this.warned = false;
    else if (!this.warned) {
      this.warned = true;
      const what = `Records of runs cannot be written below ${this.stateDir}; runs continue without them`;
      this.warn(`${what}: ${error.message}`);
    }
  };

  private readonly earlier: EarlierEvents = async (runId, upTo) => {
    const file = path.join(runDir(this.stateDir, runId), RECORD_FILES.events);
    const known = await readFirstEvents(file, upTo).catch(() => []);
    // A file of fewer is of another host, or could not be written.
    return known.length === upTo ? known : (await this.fromHistory(runId, upTo)).slice(0, upTo);
  };

  /** After the record, which is of more worth; whoever seals a run again adds its line again, and readers know that. */
  private async keepMetrics(manifest: Manifest): Promise<void> {
    const { stateDir } = this;
    const metrics = metricsOf(manifest, path.relative(stateDir, runDir(stateDir, manifest.run_id)));
    try {
      if (metrics !== undefined) await appendMetrics(stateDir, metrics);
    } catch (error) {
      this.onWritten(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private dropOldest(): void {
    const [oldest] = this.records;
    if (this.records.size <= MAX_RECORDS || oldest === undefined) return;
    this.records.delete(oldest[0]);
    void oldest[1].flush(true);
  }
}

async function noHistory(runId: string, upTo: number): Promise<never> {
  throw new Error(`the first ${upTo} events of run '${runId}' are not there`);
}
