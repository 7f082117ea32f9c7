import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { growingFile, type GrowingFile } from '../host/growing-file.js';

/** How long after it was made a seal may be used for the first time. A machine may sleep between the two. */
export const SEAL_LIFE_MS = 24 * 3600_000;
/** How long it is remembered who has used one: longer, whatever the time zone and however late the clean-up. */
const KEPT_DAYS = 3;
const DAY_MS = 24 * 3600_000;

/** Remembers which execution has used a seal, so that a copy of it is good for nothing. */
export interface UsedSeals {
  /** Whether `user` is the one that has used the seal, or is so from now on. */
  use(seal: { id: string; at: number }, user: string): boolean;
}

/**
 * Makes the register in a folder that only its owner may read. Several workers may share it: each notes its use at
 * the end of the day's file, in one write, and whoever stands there first is the one.
 */
export function createUsedSeals(dir: string): UsedSeals {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const days = new Map<string, Day>();
  forgetOld(dir, Date.now());
  return {
    use({ id, at }, user) {
      const name = dayOf(at);
      let day = days.get(name);
      if (day === undefined) {
        forgetOld(dir, Date.now());
        for (const old of [...days.keys()].slice(0, -KEPT_DAYS)) days.delete(old);
        const file = path.join(dir, name);
        day = { file, source: growingFile(file), rest: '', users: new Map() };
        days.set(name, day);
      }
      if (!day.users.has(id)) {
        // The first line feed ends a line that a full disk, or a kill, has cut.
        appendFileSync(day.file, `\n${JSON.stringify([id, user])}\n`, { mode: 0o600 });
        catchUp(day);
      }
      return day.users.get(id) === user;
    },
  };
}

interface Day {
  file: string;
  source: GrowingFile;
  /** A line that was not whole yet. */
  rest: string;
  users: Map<string, string>;
}

function catchUp(day: Day): void {
  for (const piece of day.source.newsSync()) {
    const lines = (day.rest + piece.toString('latin1')).split('\n');
    day.rest = lines.pop()!;
    for (const line of lines) note(day.users, line);
  }
}

/** A line that was cut off counts for nothing. */
function note(users: Map<string, string>, line: string): void {
  try {
    const [id, user] = JSON.parse(line) as [string, string];
    if (!users.has(id)) users.set(id, user);
  } catch {
    // Its use was not noted, so it failed there.
  }
}

function dayOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 10)}.log`;
}

function forgetOld(dir: string, now: number): void {
  const oldest = dayOf(now - KEPT_DAYS * DAY_MS);
  for (const name of readdirSync(dir)) if (name.endsWith('.log') && name < oldest) rmSync(path.join(dir, name));
}
