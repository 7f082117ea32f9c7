import { existsSync, readFileSync, renameSync } from 'node:fs';
import { z } from 'zod';
import type { ServiceFiles } from './files.js';
import { replaceFileSync } from '../host/atomic-file.js';
import type { TemporalVersion } from './temporal-version.js';

const schema = z.object({
  cli: z.string(),
  server: z.string(),
  /** Whether a server ever became healthy on it. */
  complete: z.boolean(),
});

/** The version that first opened the database; undefined while there is none, or nobody recorded it. */
export function recordedVersion(files: ServiceFiles): TemporalVersion | undefined {
  const recorded = readVersion(files);
  return recorded?.complete && existsSync(files.database) ? { cli: recorded.cli, server: recorded.server } : undefined;
}

/**
 * To be called before a server opens the database.
 *
 * The server sets up a database only where there is no file. One that was killed in the middle of it leaves a file that
 * no later start can use, so a database on which no server was ever healthy is set aside.
 */
export function beforeOpening(files: ServiceFiles, version: TemporalVersion): void {
  const recorded = readVersion(files);
  if (recorded && !recorded.complete) setAside(files);
  if (recordedVersion(files)) return;
  // A database that nobody recorded was used by someone; it is not ours to set aside.
  writeVersion(files, version, existsSync(files.database));
}

/** To be called once a server is healthy on the database. */
export function afterOpening(files: ServiceFiles): void {
  const recorded = readVersion(files);
  if (recorded && !recorded.complete) writeVersion(files, recorded, true);
}

function setAside(files: ServiceFiles): void {
  for (const suffix of ['', '-wal', '-shm']) {
    const path = `${files.database}${suffix}`;
    if (existsSync(path)) renameSync(path, `${files.database}.incomplete${suffix}`);
  }
}

function writeVersion(files: ServiceFiles, version: TemporalVersion, complete: boolean): void {
  const record = { cli: version.cli, server: version.server, complete };
  replaceFileSync(files.databaseVersion, `${JSON.stringify(record, null, 2)}\n`);
}

function readVersion(files: ServiceFiles): z.infer<typeof schema> | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(files.databaseVersion, 'utf8')));
  } catch {
    return undefined;
  }
}
