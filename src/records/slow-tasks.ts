import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A run whose code computed for long, and the workers that have died of it. */
export interface SlowTask {
  run_id: string;
  temporal_run_id: string;
  /** Workers that were lost while they computed for this run, one after the other. */
  deaths: number;
  /** Of the code that was run: another version gets another try. */
  version: string;
  /** Who computes now: process id. */
  worker?: number;
}

/** The folder of these notes. They are few: one for each run that computes for seconds at this moment, or was parked. */
export function slowTasksDir(state: string): string {
  return path.join(state, 'slow-tasks');
}

/** Where the note of a run is. */
export function slowTaskFile(state: string, temporalRunId: string): string {
  return path.join(slowTasksDir(state), `${encodeURIComponent(temporalRunId)}.json`);
}

/** Writes a note, or removes it where there is nothing to note. What cannot be written is not worth a failure. */
export function noteSlowTask(state: string, task: SlowTask): void {
  const file = slowTaskFile(state, task.temporal_run_id);
  try {
    if (task.worker === undefined && task.deaths === 0) return rmSync(file, { force: true });
    mkdirSync(slowTasksDir(state), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(task), { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
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
    const fresh = note.version === version ? known : { ...known, deaths: 0, version };
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
    return true;
  } catch {
    return false;
  }
}
