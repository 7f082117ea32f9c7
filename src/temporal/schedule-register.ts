import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { replaceFileSync } from '../host/atomic-file.js';
import { unlessMissing } from '../host/errno.js';

/** What may be started besides what is due: once at about a time, or for all times of a range that were due. */
export type Grant = { id: string } & ({ at: number } | { from: number; to: number; until: number });

/** What the state folder knows of a schedule. Times are milliseconds since the epoch. */
export interface ScheduleEntry {
  /** Id of the definition that is in force. */
  id: string;
  /** Nothing is started that was due before. */
  since: number;
  paused: boolean;
  grants: readonly Grant[];
}

/** A start that a schedule asks for. */
export interface AskedStart {
  name: string;
  /** Id of the definition that it goes by. */
  definition: string;
  due: number;
  /** Whether the definition says that this time is one of its own. */
  isDue: boolean;
  /** Temporal's own id of the workflow that asks: a time is started by one of them. */
  user: string;
}

/**
 * What the embedded service is told of schedules besides by its server, to which everybody of the machine may talk: which
 * of them are in force, which are paused, and what was triggered. It stands in a folder that only its owner may read.
 */
export interface ScheduleRegister {
  read(name: string): ScheduleEntry | undefined;
  /** Names of the schedules that are in force. */
  names(): string[];
  write(name: string, entry: ScheduleEntry): void;
  remove(name: string): void;
  /** Notes a start; or says why nothing may be started. Only the worker calls it. */
  admit(asked: AskedStart, now: number): string | undefined;
}

/** A trigger is heard at once, and the service counts in whole seconds. Milliseconds. */
const TRIGGER_EARLY_MS = 2_000;
const TRIGGER_LATE_MS = 60_000;
/** How far the two clocks may be apart. */
const CLOCK_MS = 60_000;
/** A year and more of nightly runs, a day of runs every minute. */
const MOST_USES = 2_000;

/** A start that there was: when it was due, for whom, and by which grant. */
type Use = [due: number, user: string, grant?: string];

interface Uses {
  /** Nothing up to then is started by its time alone: what was is forgotten. */
  floor: number;
  uses: Use[];
}

/**
 * Makes the register in a folder.
 *
 * @param most starts of each schedule that are remembered one by one; what was due before the oldest of them is refused
 */
export function createScheduleRegister(dir: string, most = MOST_USES): ScheduleRegister {
  const entryFile = (name: string): string => path.join(dir, `${name}.json`);
  const usesFile = (name: string): string => path.join(dir, `${name}.begun`);
  const register: ScheduleRegister = {
    read: (name) => readJson(entryFile(name)) as ScheduleEntry | undefined,
    names() {
      const files = unlessMissing(() => readdirSync(dir)) ?? [];
      return files.flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : [])).sort();
    },
    write(name, entry) {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      replaceFileSync(entryFile(name), `${JSON.stringify(entry)}\n`);
    },
    remove(name) {
      for (const file of [entryFile(name), usesFile(name)]) rmSync(file, { force: true });
    },
    admit(asked, now) {
      const entry = register.read(asked.name);
      if (entry?.id !== asked.definition)
        return 'orch has not made this schedule here, or has changed or deleted it since';
      const before = (readJson(usesFile(asked.name)) as Uses | undefined) ?? { floor: 0, uses: [] };
      const use = before.uses.find(([due]) => due === asked.due);
      if (use !== undefined) return use[1] === asked.user ? undefined : 'a run was started for this time already';
      const grant = entry.grants.find((each) => covers(each, asked, before, now));
      const refused = grant === undefined ? whyNot(entry, before, asked, now) : undefined;
      if (refused === undefined)
        replaceFileSync(usesFile(asked.name), `${JSON.stringify(withUse(before, asked, { grant, most }))}\n`);
      return refused;
    },
  };
  return register;
}

function covers(grant: Grant, { due, isDue }: AskedStart, { uses }: Uses, now: number): boolean {
  if ('from' in grant) return isDue && due >= grant.from && due <= grant.to && now <= grant.until;
  const used = uses.some(([, , id]) => id === grant.id);
  return !used && due >= grant.at - TRIGGER_EARLY_MS && due <= grant.at + TRIGGER_LATE_MS;
}

function whyNot(entry: ScheduleEntry, { floor }: Uses, { due, isDue }: AskedStart, now: number): string | undefined {
  if (!isDue) return 'the schedule was not due then, and nobody has triggered it by `orch schedule`';
  if (due > now + CLOCK_MS) return 'this time has not come yet';
  if (due < entry.since) return 'the schedule was made, changed or resumed after this time';
  if (entry.paused) return 'the schedule is paused';
  if (due <= floor) return 'this time is too long ago';
  return undefined;
}

function withUse(
  { floor, uses }: Uses,
  { due, user }: AskedStart,
  { grant, most }: { grant: Grant | undefined; most: number },
): Uses {
  const all: Use[] = [...uses, grant === undefined ? [due, user] : [due, user, grant.id]];
  const forgotten = all.slice(0, -most);
  return { floor: Math.max(floor, ...forgotten.map(([at]) => at)), uses: all.slice(-most) };
}

function readJson(file: string): unknown {
  const text = unlessMissing(() => readFileSync(file, 'utf8'));
  return text === undefined ? undefined : JSON.parse(text);
}
