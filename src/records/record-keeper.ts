import path from 'node:path';
import { metricsOf, type Manifest, type RecordBatch, type RunEvent, type RunRecord } from '../journal/index.js';
import { readFirstEvents } from './event-file.js';
import { createLiveRecord, type EarlierEvents, type LiveRecord } from './live-record.js';
import { appendMetrics } from './metrics.js';
import { runDir } from './paths.js';
import { RECORD_FILES, writeRunRecord } from './write-record.js';

/** Keeps the records of all runs of a worker. */
export interface RecordKeeper {
  /** Takes news of a run; returns at once and never fails. */
  take(batch: RecordBatch): void;
  /** Writes the whole record of a run that has ended. */
  seal(record: RunRecord): Promise<void>;
  /** Writes what is not written yet of one run, which leaves a history behind. Never fails. */
  flush(runId: string): Promise<void>;
  /** Writes what is not written yet. */
  close(): Promise<void>;
}

/** Records that are held in memory; of a run beyond that only the end is written. */
const MAX_RECORDS = 1000;

/**
 * Makes the keeper of a worker's records.
 *
 * @param warn is told once that records cannot be written, and again only after one could
 * @param fromHistory reads what earlier histories of a run hold, where its files do not
 */
export function createRecordKeeper(
  stateDir: string,
  warn: (message: string) => void,
  fromHistory: EarlierEvents = noHistory,
): RecordKeeper {
  const records = new Map<string, LiveRecord>();
  let warned = false;
  const onWritten = (error?: Error): void => {
    if (error === undefined) warned = false;
    else if (!warned) {
      warned = true;
      warn(`Records of runs cannot be written below ${stateDir}; runs continue without them: ${error.message}`);
    }
  };

  return {
    take(batch) {
      const { run_id } = batch;
      let record = records.get(run_id);
      if (record === undefined) {
        if (!batch.whole) return; // it was dropped; its end is written all the same
        record = createLiveRecord(stateDir, batch, { onWritten, earlier });
      } else {
        records.delete(run_id);
        record.take(batch);
      }
      records.set(run_id, record); // in order of their last news
      dropOldest();
    },
    async seal(record) {
      const { run_id } = record.about;
      const live = records.get(run_id);
      records.delete(run_id);
      await live?.stop();
      const before = record.after ? await earlier(run_id, record.after) : [];
      const manifest = await writeRunRecord(stateDir, { ...record, events: [...before, ...record.events] });
      await keepMetrics(manifest);
    },
    async flush(runId) {
      await records.get(runId)?.flush();
    },
    async close() {
      await Promise.all([...records.values()].map((record) => record.flush()));
    },
  };

  async function earlier(runId: string, upTo: number): Promise<readonly RunEvent[]> {
    const file = path.join(runDir(stateDir, runId), RECORD_FILES.events);
    const known = await readFirstEvents(file, upTo).catch(() => []);
    // A file of fewer is of another host, or could not be written.
    return known.length === upTo ? known : (await fromHistory(runId, upTo)).slice(0, upTo);
  }

  /** After the record, which is of more worth; whoever seals a run again adds its line again, and readers know that. */
  async function keepMetrics(manifest: Manifest): Promise<void> {
    const metrics = metricsOf(manifest, path.relative(stateDir, runDir(stateDir, manifest.run_id)));
    try {
      if (metrics !== undefined) await appendMetrics(stateDir, metrics);
    } catch (error) {
      onWritten(error instanceof Error ? error : new Error(String(error)));
    }
  }

  function dropOldest(): void {
    const [oldest] = records;
    if (records.size <= MAX_RECORDS || oldest === undefined) return;
    records.delete(oldest[0]);
    void oldest[1].flush();
  }
}

async function noHistory(runId: string, upTo: number): Promise<never> {
  throw new Error(`the first ${upTo} events of run '${runId}' are not there`);
}
