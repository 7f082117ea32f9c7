import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readReference, runsNamed } from '../../client/references.js';
import { openText } from '../../plan/document/open-text.js';
import { isMap } from '../../plan/problems/paths.js';
import { runDir, stateDir } from '../../records/paths.js';
import { runFolders } from '../../records/run-folders.js';
import { RECORD_FILES } from '../../records/write-record.js';
import { scheduleRegister } from '../../service/signing.js';
import type { CliContext } from '../context.js';
import type { Candidate, Sources } from './candidates.js';

/** More help nobody. */
const MOST_RUNS = 50;
const MOST_STEPS = 1_000;

/** What the records of this machine and its files tell. A service would have to be asked, and be there. */
export function createSources(context: CliContext): Sources {
  const state = stateDir(context.env);
  return {
    async runs() {
      const runs = (await recordedRuns(state)).slice(0, MOST_RUNS).map(({ run_id, status, created_at }) => ({
        value: run_id,
        text: `${status}, ${created_at ?? 'not begun'}`,
      }));
      const latest = runs.length > 0 ? [{ value: '@last', text: 'the latest run' }] : [];
      return [...latest, ...runs];
    },
    schedules: async () =>
      scheduleRegister(state)
        .names()
        .map((value) => ({ value })),
    async steps(of) {
      if ('file' in of) return stepsIn(path.resolve(context.cwd, of.file));
      const run = meant(of.run, await recordedRuns(state));
      return run === undefined ? [] : stepsIn(path.join(runDir(state, run), RECORD_FILES.plan));
    },
  };
}

interface RecordedRun {
  run_id: string;
  plan_id: string;
  status: string;
  created_at: string | null;
  started_at: number;
}

/** Newest first. */
async function recordedRuns(state: string): Promise<RecordedRun[]> {
  const runs: RecordedRun[] = [];
  for await (const { manifest } of runFolders(state)) {
    if (manifest === undefined || manifest.parent_run_id !== null) continue;
    const { run_id, plan_id, status, created_at } = manifest;
    runs.push({ run_id, plan_id, status, created_at, started_at: Date.parse(created_at ?? '') || 0 });
  }
  return runs.sort((a, b) => b.started_at - a.started_at);
}

/** The run that a reference means, as far as records tell; what is none of theirs may be the run of a sub-plan. */
function meant(given: string, runs: readonly RecordedRun[]): string | undefined {
  const reference = readReference(given);
  if (typeof reference === 'string') return undefined;
  if (reference.kind === 'name') return runsNamed(reference.name, runs)[0]?.run_id ?? given;
  return runs.find(({ status }) => status === (reference.status ?? status))?.run_id;
}

/** As far as the file can be read: who completes a word wants no errors. */
async function stepsIn(file: string): Promise<Candidate[]> {
  const read = openText(await readFile(file).catch(() => new Uint8Array()), file);
  if ('faults' in read || !isMap(read.opened.value)) return [];
  const { steps, finally: last } = read.opened.value as { steps?: unknown; finally?: unknown };
  return [steps, last]
    .flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
    .filter((step): step is { id: string; name?: unknown } => isMap(step) && typeof step['id'] === 'string')
    .slice(0, MOST_STEPS)
    .map(({ id, name }) => ({ value: id, ...(typeof name === 'string' && name !== id && { text: name }) }));
}
