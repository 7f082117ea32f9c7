import path from 'node:path';
import { manifestOf, type RunRecord } from '../journal/index.js';
import { alignEvents } from './event-file.js';
import { makePrivateDir, runDir } from './paths.js';
import { replaceFile } from './replace-file.js';

/** The files of a run's record, in its folder. */
export const RECORD_FILES = { plan: 'plan.json', manifest: 'manifest.json', events: 'events.ndjson' } as const;

/** JSON as it stands in the files of a record. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Writes the whole record of a run into its folder, the manifest last: it says that the rest is there. */
export async function writeRunRecord(stateDir: string, record: RunRecord): Promise<void> {
  await writeRecord(runDir(stateDir, record.about.run_id), record);
}

/** Writes the whole record of a run into any folder. */
export async function writeRecord(folder: string, record: RunRecord): Promise<void> {
  makePrivateDir(folder);
  await replaceFile(path.join(folder, RECORD_FILES.plan), jsonText(record.plan));
  await alignEvents(path.join(folder, RECORD_FILES.events), record.events);
  await replaceFile(path.join(folder, RECORD_FILES.manifest), jsonText(manifestOf(record.about, record.events)));
}
