import path from 'node:path';
import { manifestOf, type Manifest, type RunEvent, type RunRecord } from '../journal/index.js';
import { cleanRecord } from './clean-record.js';
import { alignEvents } from './event-file.js';
import { makePrivateDir, runDir } from './paths.js';
import { replaceFile } from '../host/atomic-file.js';

/** The files of a run's record, in its folder. */
export const RECORD_FILES = { plan: 'plan.json', manifest: 'manifest.json', events: 'events.ndjson' } as const;

/** JSON as it stands in the files of a record. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Writes the whole record of a run into its folder; gives its manifest. */
export async function writeRunRecord(stateDir: string, record: RunRecord): Promise<Manifest> {
  const { about, plan, events } = cleanRecord(record);
  const manifest = manifestOf(about, events);
  await writeRecord(runDir(stateDir, about.run_id), { plan, events, manifest });
  return manifest;
}

/** Writes a record into any folder, the manifest last: it says that the rest is there. */
export async function writeRecord(
  folder: string,
  { plan, events, manifest }: { plan: unknown; events: readonly RunEvent[]; manifest: Manifest },
): Promise<void> {
  makePrivateDir(folder);
  await replaceFile(path.join(folder, RECORD_FILES.plan), jsonText(plan));
  await alignEvents(path.join(folder, RECORD_FILES.events), events);
  await replaceFile(path.join(folder, RECORD_FILES.manifest), jsonText(manifest));
}
