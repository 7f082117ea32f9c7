import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { replaceFileSync } from '../../host/atomic-file.js';
import { git } from '../../agents/index.js';
import { asksToExit, isAhead, writeState, type StateFields } from '../../loop/state-file.js';
import type { StateTask } from '../../contract/loop-turn.js';
import { TurnRefused } from './turn-failure.js';
import { defined } from '../../basics/defined.js';

/**
 * Writes the state of a loop down for those who read the file. Fields of others stay; a file that cannot be read is
 * replaced, since the loop itself knows where it stands.
 */
export async function exportState(
  baseDir: string,
  { file, commit, loop }: Omit<StateTask, 'failed'>,
  fields: StateFields,
): Promise<void> {
  const absolute = path.resolve(baseDir, file);
  const commits = commit === undefined ? {} : { [commit]: await shortHead(baseDir) };
  const text = writeState(fields, { now: new Date(), commits, ...defined({ loop }) }, readState(absolute));
  mkdirSync(path.dirname(absolute), { recursive: true });
  replaceFileSync(absolute, text, 0o666);
}

/** Refuses to go on over a file of another loop that is further: what it says would be gone. @throws TurnRefused */
export function refuseAhead(baseDir: string, state: StateTask): void {
  const ahead = aheadOf(baseDir, state);
  if (ahead === undefined) return;
  const { file } = state;
  const whose = ahead.loop === undefined ? 'another loop' : `the loop ${ahead.loop}`;
  const message = `${file} is of ${whose} and further than this one: iteration ${ahead.iteration}, ${ahead.role}. \`orch loop\` continues from there, \`orch loop --fresh\` starts over`;
  throw new TurnRefused('state_ahead', message);
}

/** How far the file of another loop is, if it is further than this one. */
export function aheadOf(baseDir: string, { file, loop, turns }: StateTask): ReturnType<typeof isAhead> {
  if (loop === undefined || turns === undefined) return undefined;
  return isAhead(readState(path.resolve(baseDir, file)), { loop, turns });
}

/** Why the file asks the loop to stop; undefined where it does not. */
export function exitRequest(baseDir: string, file: string): string | undefined {
  const { exit, exit_reason: reason } = readState(path.resolve(baseDir, file));
  if (asksToExit(exit) !== true) return undefined;
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
