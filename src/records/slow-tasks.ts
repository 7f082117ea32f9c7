import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { replaceFileSync } from '../host/atomic-file.js';
import { processStat } from '../host/proc.js';

/** A run whose code computed for long, and the workers that have died of it. */
export interface SlowTask {
  run_id: string;
  temporal_run_id: string;
  /** Workers that were lost while they computed for this run, one after the other. */
  deaths: number;
  /** Of the code that was run: another version gets another try. */
  version: string;
  /** Events of its history at which they died, where that was noted before they had computed for long. */
  place?: number;
  /** Who computes now: process id. */
  worker?: number;
}

/** The folder of these notes. They are few: one for each run that computes for seconds at this moment, or was parked. */
function slowTasksDir(state: string): string {
  return path.join(state, 'slow-tasks');
}

/** Where the note of a run is. */
function slowTaskFile(state: string, temporalRunId: string): string {
  return path.join(slowTasksDir(state), `${encodeURIComponent(temporalRunId)}.json`);
}

/** Workers that a run may take down before it is left alone. */
const MAX_DEATHS = 2;

/** Whether a run is left alone. */
export function isParked({ deaths }: SlowTask): boolean {
  return deaths >= MAX_DEATHS;
}

/** The note of a run that is left alone on this host. */
export function parkedRun(state: string, runId: string): SlowTask | undefined {
  return readNotes(state).find((note) => note.run_id === runId && isParked(note));
}

/** Says what has become of a run that is left alone, and what to do. */
export function parkedText(state: string, { run_id, temporal_run_id, deaths }: SlowTask): string {
  return `The run '${run_id}' is parked: deciding what comes next in it has taken down ${deaths} workers. Another version of orch will try again; to make this one try, remove ${slowTaskFile(state, temporal_run_id)} and restart the worker. \`orch cancel --force ${run_id}\` gives up on the run: it is terminated, and its \`finally\` steps do not run.`;
}

/** Forgets a run that was given up. */
export function forgetParked(state: string, { temporal_run_id }: SlowTask): void {
  rmSync(slowTaskFile(state, temporal_run_id), { force: true });
}

/** Writes a note, or removes it where there is nothing to note. What cannot be written is not worth a failure. */
export function noteSlowTask(state: string, task: SlowTask): void {
  const file = slowTaskFile(state, task.temporal_run_id);
  try {
    if (task.worker === undefined && task.deaths === 0) return rmSync(file, { force: true });
    mkdirSync(slowTasksDir(state), { recursive: true, mode: 0o700 });
    replaceFileSync(file, JSON.stringify(task));
  } catch {
    // Then a worker that dies of this run is one more that nobody counts.
  }
}

/**
 * Reads the notes when a worker starts: where the one who computed is gone, the run has taken it along. Runs that
 * another version of the code is to try start anew.
 */
export function countDeaths(state: string, version: string): SlowTask[] {
  return readNotes(state).map((note) => {
    const { worker, ...known } = note;
    const { place: _, ...anew } = known;
    const fresh = note.version === version ? known : { ...anew, deaths: 0, version };
    if (worker !== undefined && isAlive(worker)) return note;
    const counted = worker === undefined ? fresh : { ...fresh, deaths: fresh.deaths + 1 };
    noteSlowTask(state, counted);
    return counted;
  });
}

function readNotes(state: string): SlowTask[] {
  let names: string[];
  try {
    names = readdirSync(slowTasksDir(state)).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(path.join(slowTasksDir(state), name), 'utf8')) as SlowTask];
    } catch {
      return [];
    }
  });
}

/** A process id may be another's by now: then a death is not counted, and no run is parked for nothing. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false; // ours, from a life before
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // One that nobody has asked for its exit code can still be signalled. Only Linux says so.
  return processStat(pid)?.zombie !== true;
}
