import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

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

/**
 * Creates a file with its content, both at once: nobody ever sees half of it, and the first writer wins.
 *
 * @returns false where the file is there already.
 */
export function writeOnce(file: string, content: string): boolean {
  const draft = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(draft, content, { mode: 0o600, flag: 'wx' });
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Undefined where the file is not there. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Undefined where the file is not there. Only for files of {@link writeOnce}: they are never torn. */
export function readJson(file: string): unknown {
  const text = readText(file);
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
