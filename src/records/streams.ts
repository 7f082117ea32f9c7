import { existsSync, readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { ifMissing, unlessMissing } from '../host/errno.js';
import { runDir, stepAttemptDir } from './paths.js';
import { TIMES_FILE } from './stream-times.js';

/** The files that an attempt of a step writes its output to. They need not be there yet. */
export interface AttemptStreams {
  stdout: string;
  /** Absent for what has one stream only: the answer to an HTTP call. */
  stderr?: string;
  /** When what came; not there for attempts of an older orch, and for the answer to an HTTP call. */
  times: string;
}

/** Where the streams of an attempt are, while it runs and afterwards. */
export function attemptStreams(stateDir: string, runId: string, stepId: string, attempt: number): AttemptStreams {
  return streamsIn(stepAttemptDir(stateDir, runId, stepId, attempt));
}

/** Where they are in the folder of an attempt. The one place that knows. */
export function streamsIn(folder: string): AttemptStreams {
  const body = path.join(folder, 'body');
  const times = path.join(folder, TIMES_FILE);
  if (existsSync(body)) return { stdout: body, times };
  return { stdout: path.join(folder, 'stdout.log'), stderr: path.join(folder, 'stderr.log'), times };
}

/** Whether an attempt is over, so that its streams grow no more. */
export function attemptEnded(stateDir: string, runId: string, stepId: string, attempt: number): boolean {
  return existsSync(path.join(stepAttemptDir(stateDir, runId, stepId, attempt), 'result.json'));
}

/** The numbers of the attempts of a step that have left something here, in order. */
export async function attemptsOf(stateDir: string, runId: string, stepId: string): Promise<number[]> {
  return numbersIn(await namesIn(path.dirname(stepAttemptDir(stateDir, runId, stepId, 1))));
}

/** The folder of the newest of them, for who cannot wait; undefined where there is none. */
export function newestAttemptDir(stateDir: string, runId: string, stepId: string): string | undefined {
  const folder = path.dirname(stepAttemptDir(stateDir, runId, stepId, 1));
  const newest = numbersIn(unlessMissing(() => readdirSync(folder)) ?? []).at(-1);
  return newest === undefined ? undefined : path.join(folder, String(newest));
}

function numbersIn(names: readonly string[]): number[] {
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** The steps, and instances of steps (`id[0]`), that have left something here. */
export async function stepsWithLogs(stateDir: string, runId: string): Promise<string[]> {
  const names = await namesIn(path.join(runDir(stateDir, runId), 'steps'));
  return names.map((name) => decodeURIComponent(name));
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(ifMissing)) ?? [];
}
