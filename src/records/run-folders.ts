import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ifMissing } from '../host/errno.js';
import { manifestSchema, type Manifest } from '../journal/index.js';
import { readManifestHead, type ManifestHead } from './manifest-head.js';
import { runDir, runsDir } from './paths.js';
import { RECORD_FILES } from './write-record.js';
import { defined } from '../basics/defined.js';

/** The folder of a run, and what its manifest says of it. */
export interface RunFolder {
  path: string;
  /** Absent where there is none that can be read. */
  manifest?: ManifestHead;
}

/** The folders of all runs of a state folder, one after the other; those named in `skip` are not looked into. */
export async function* runFolders(stateDir: string, skip: ReadonlySet<string> = new Set()): AsyncGenerator<RunFolder> {
  const root = runsDir(stateDir);
  for (const name of await namesIn(root)) {
    const folder = path.join(root, name);
    if (skip.has(folder)) continue;
    const manifest = await readManifestHead(folder);
    yield { path: folder, ...defined({ manifest }) };
  }
}

/** The manifest of a run's folder; undefined where there is none, or another version wrote what cannot be read. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const parsed = manifestSchema.safeParse(
      JSON.parse(await readFile(path.join(folder, RECORD_FILES.manifest), 'utf8')),
    );
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The manifest and the plan of a run, where its folder has both. */
export async function readRecordFiles(
  stateDir: string,
  runId: string,
): Promise<{ manifest: Manifest; plan: unknown } | undefined> {
  const folder = runDir(stateDir, runId);
  const manifest = await readManifest(folder);
  if (manifest?.run_id !== runId) return undefined;
  try {
    return { manifest, plan: JSON.parse(await readFile(path.join(folder, RECORD_FILES.plan), 'utf8')) as unknown };
  } catch {
    return undefined;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(ifMissing)) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
