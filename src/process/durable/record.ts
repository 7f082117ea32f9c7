import { statSync } from 'node:fs';
import os from 'node:os';
import { hostClock, TICK_MS, uptimeMs } from './clock.js';
import { fileOf, readText, type Generation } from './files.js';
import { createFileOnce } from '../../host/atomic-file.js';
import { parseHostId, type HostId } from '../../host/host-id.js';
import type { StopReason } from './types.js';

/** Two clocks that differ by more have not run alike. */
const CLOCK_SET_MS = 1000;

/** What the file `state` says of a generation. At most one of `claim` and `closed` is there, and it never changes. */
export interface GenerationRecord {
  /** Somebody has created the file. Without a claim in it, they died before their first line, or are about to write it. */
  exists: boolean;
  claim?: Claim;
  exit?: Exit;
  /** The generation was closed before any wrapper claimed it: its command never runs. */
  closed?: StopReason | 'spawn_failed';
}

/** The wrapper that runs the command. */
export interface Claim {
  pid: number;
  /** The start of that process, as {@link processStart} tells it. */
  start: string;
  host: HostId;
  /** Wall clock, milliseconds. */
  launchedAt: number;
}

/** How the command ended. Either `exitCode` or `signal` is there. */
export interface Exit {
  exitCode?: number;
  signal?: string;
  /** By the host clock, where the system has one that cannot be set. */
  uptimeMs?: number;
  /** Wall clock. */
  endedAt: number;
}

/** Reads what is known of a generation. */
export function readRecord(generation: Generation): GenerationRecord {
  const file = fileOf(generation, 'state');
  const text = readText(file);
  if (text === undefined) return { exists: false };
  return parseRecord(text, () => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}

/**
 * Takes a generation that nobody has claimed, so that nobody ever will.
 *
 * @returns false where a wrapper, or another closer, was faster.
 */
export function closeUnclaimed(generation: Generation, reason: NonNullable<GenerationRecord['closed']>): boolean {
  return createFileOnce(fileOf(generation, 'state'), `closed ${reason}\n`);
}

/** Milliseconds since the claim, by a clock that cannot be set where there is one. Never too many. */
export function sinceClaim(claim: Claim): number {
  if (!/^\d+$/.test(claim.start)) return Date.now() - claim.launchedAt;
  return hostClock() - Number(claim.start) * TICK_MS - TICK_MS;
}

/** How long the command ran. Milliseconds. The wall clock is the finer one, unless it was set meanwhile. */
export function runTime(claim: Claim, { uptimeMs, endedAt }: Exit): number {
  const byWall = Math.max(0, Math.round(endedAt - claim.launchedAt));
  if (uptimeMs === undefined || !/^\d+$/.test(claim.start)) return byWall;
  const byUptime = Math.max(0, uptimeMs - Number(claim.start) * TICK_MS);
  return Math.abs(byWall - byUptime) > CLOCK_SET_MS ? byUptime : byWall;
}

/** @internal Only whole lines count: the last one may be half written. */
export function parseRecord(text: string, changedAt: () => number): GenerationRecord {
  const lines = text.split('\n').slice(0, -1);
  const closed = /^closed (\w+)$/.exec(lines[0] ?? '');
  if (closed) return { exists: true, closed: closed[1] as NonNullable<GenerationRecord['closed']> };
  const claim = parseClaim(lines[0] ?? '');
  if (claim === undefined) return { exists: true };
  const end = lines.findIndex((line) => /^exit \d+ \S+$/.test(line));
  if (end < 0) return { exists: true, claim };
  // The shell says something of the command's end only where a signal was its cause: "Killed", "Terminated".
  // A line that a full disk cut short is no such word.
  const signaled = lines.slice(1, end).some((line) => !'exit '.startsWith(line.slice(0, 5)));
  return { exists: true, claim, exit: parseExit(lines[end]!, signaled, changedAt()) };
}

function parseClaim(line: string): Claim | undefined {
  const match = /^run (\d+) (\d+) (\w+) (.+)$/.exec(line);
  if (match === null) return undefined;
  const [, pid, launchedAt, host, start] = match as unknown as [string, string, string, string, string];
  return { pid: Number(pid), launchedAt: Number(launchedAt), host: parseHostId(host), start: start.trim() };
}

function parseExit(line: string, signaled: boolean, endedAt: number): Exit {
  const [, code, uptime] = line.split(' ') as [string, string, string];
  const times = { endedAt, ...(uptime === '-' ? {} : { uptimeMs: uptimeMs(uptime) }) };
  const signal = signaled ? signalName(Number(code) - 128) : undefined;
  return signal === undefined ? { exitCode: Number(code), ...times } : { signal, ...times };
}

function signalName(number: number): string | undefined {
  return Object.entries(os.constants.signals).find(([, value]) => value === number)?.[0];
}
