import { createReadStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ifMissing } from '../host/errno.js';
import { runMetricsSchema, type RunMetrics } from '../journal/index.js';
import { makePrivateDir } from './paths.js';

/** The folder of the metrics: one file for each month, in which runs have ended. */
export function metricsDir(stateDir: string): string {
  return path.join(stateDir, 'metrics');
}

/**
 * Adds the line of a run. Many workers may do so at once: each line is one write to the end of the file. A line that a
 * full disk has cut is closed, so that it spoils no other one.
 */
export async function appendMetrics(stateDir: string, metrics: RunMetrics): Promise<void> {
  makePrivateDir(metricsDir(stateDir));
  const line = Buffer.from(`${JSON.stringify(metrics)}\n`);
  await using file = await open(path.join(metricsDir(stateDir), fileOf(metrics.finished_at)), 'a', 0o600);
  const { bytesWritten } = await file.write(line);
  if (bytesWritten === line.length) return;
  await file.write('\n');
  throw new Error(`only ${bytesWritten} of ${line.length} bytes could be written`);
}

/**
 * The lines of the runs that have ended since a time, in the order in which they were written. What is no line of
 * this version is left out.
 */
export async function* readMetrics(stateDir: string, since = new Date(0)): AsyncGenerator<RunMetrics> {
  const first = fileOf(since.toISOString());
  for (const name of await monthFiles(metricsDir(stateDir))) {
    if (name < first) continue;
    const input = createReadStream(path.join(metricsDir(stateDir), name));
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      const metrics = readLine(line);
      if (metrics !== undefined && Date.parse(metrics.finished_at) >= since.getTime()) yield metrics;
    }
  }
}

/** `2026-01.jsonl`; their order is that of the time. */
function fileOf(time: string): string {
  return `${time.slice(0, 7)}.jsonl`;
}

async function monthFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(ifMissing)) ?? [];
  return names.filter((name) => /^\d{4}-\d{2}\.jsonl$/.test(name)).sort();
}

function readLine(line: string): RunMetrics | undefined {
  if (line === '') return undefined;
  try {
    const parsed = runMetricsSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
