import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { replaceFileSync } from '../../host/atomic-file.js';
import { git } from '../../agents/index.js';
import { writeState, type StateFields } from '../../loop/state-file.js';
import type { TurnTask } from '../../contract/loop-turn.js';

/**
 * Writes the state of a loop down for those who read the file. Fields of others stay; a file that cannot be read is
 * replaced, since the loop itself knows where it stands.
 */
export async function exportState(
  baseDir: string,
  { file, commit }: NonNullable<TurnTask['state']>,
  fields: StateFields,
): Promise<void> {
  const absolute = path.resolve(baseDir, file);
  const commits = commit === undefined ? {} : { [commit]: await shortHead(baseDir) };
  const text = writeState(fields, { now: new Date(), commits }, readState(absolute));
  mkdirSync(path.dirname(absolute), { recursive: true });
  replaceFileSync(absolute, text, 0o666);
}

/** Why the file asks the loop to stop; undefined where it does not. */
export function exitRequest(baseDir: string, file: string): string | undefined {
  const { exit, exit_reason: reason } = readState(path.resolve(baseDir, file));
  if (exit !== true) return undefined;
  return typeof reason === 'string' && reason !== '' ? reason : `${file} asks for it`;
}

function readState(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

async function shortHead(dir: string): Promise<string> {
  return (await git(dir, ['rev-parse', '--short', 'HEAD']).catch(() => 'no-git')).trim();
}
