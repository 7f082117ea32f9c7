import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { unlessMissing } from '../../host/errno.js';

/** One start of a try's command, and where its files are. */
export interface Generation {
  index: number;
  dir: string;
}

/** The files of a generation. */
const FILES = {
  stdin: 'in',
  stdout: 'out',
  stderr: 'err',
  state: 'state',
  /** FIFOs to which the command writes; what comes out of them goes to `out` and `err`. */
  outPipe: 'out.pipe',
  errPipe: 'err.pipe',
  /** A FIFO that the wrapper holds open, so that its death is an event for others. */
  alive: 'alive',
  stop: 'stop.json',
  lost: 'lost.json',
} as const;

export type GenerationFile = keyof typeof FILES;

export function generationOf(tryDir: string, index: number): Generation {
  return { index, dir: path.join(tryDir, `g${index}`) };
}

export function fileOf(generation: Generation, file: GenerationFile): string {
  return path.join(generation.dir, FILES[file]);
}

/** Creates a folder, and what is missing above it, for this user only. */
export function makeDir(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
}

/** Undefined where the file is not there. */
export function readText(file: string): string | undefined {
  return unlessMissing(() => readFileSync(file, 'utf8'));
}

/** Undefined where the file is not there. Only for files of `createFileOnce`: they are never torn. */
export function readJson(file: string): unknown {
  const text = readText(file);
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}
