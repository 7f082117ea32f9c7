import { hostClock } from './clock.js';
import { fileOf, readJson, type Generation } from './files.js';
import { createFileOnce } from '../../host/atomic-file.js';
import { findMarked, isStillThere, signal, type MarkedProcess } from './marked.js';
import type { Claim } from './record.js';
import type { StopReason } from './types.js';

/** After the KILL of all others the wrapper has as long to record the end. Milliseconds. */
const WRAPPER_MS = 3000;

/** A stop that was asked for. Whoever attaches later carries it on. */
export interface StopRequest {
  reason: StopReason;
  /** Host clock. */
  at: number;
  grace_ms: number;
}

export function readStop(generation: Generation): StopRequest | undefined {
  return readJson(fileOf(generation, 'stop')) as StopRequest | undefined;
}

/** Asks for a stop; the first to ask says why. */
export function requestStop(generation: Generation, reason: StopReason, graceMs: number): StopRequest {
  const request: StopRequest = { reason, at: hostClock(), grace_ms: graceMs };
  try {
    if (!createFileOnce(fileOf(generation, 'stop'), `${JSON.stringify(request)}\n`))
      return readStop(generation) ?? request;
  } catch {
    // A full disk, or a folder that is gone, must not keep a process from being stopped.
  }
  return request;
}

/**
 * Stops what a generation has started: TERM, and KILL after the grace. The wrapper is spared, for it records the end;
 * where it does not, the stop is hopeless, and who waits kills it with all that carries the mark.
 */
export class Escalation {
  readonly reason: StopReason;
  private readonly graceEnds: number;
  private termSent = false;
  /** The grace may have ended long before this worker came; the wrapper still gets its time. */
  private killedAt = Number.POSITIVE_INFINITY;
  /** All that was seen: while the wrapper lived it vouched for its session, after its end nothing does. */
  private readonly seen = new Map<number, MarkedProcess>();

  /** @param mark undefined where the process is in another container: no signal of ours reaches it. */
  constructor(
    private readonly mark: string | undefined,
    private readonly claim: Claim,
    request: StopRequest,
  ) {
    this.reason = request.reason;
    // Where the wall clock stands in for the host's it may have been set: a stop was never asked for in the future.
    this.graceEnds = Math.min(request.at, hostClock()) + request.grace_ms;
  }

  /** Does what is due while the wrapper lives. @param hurry ends the grace at once. */
  press(hurry: boolean): void {
    if (this.mark === undefined) return;
    if (!this.termSent) this.terminate(true);
    if (!hurry && hostClock() < this.graceEnds) return;
    this.kill(this.others(true));
  }

  /** Does what is due after the wrapper's end. @returns whether nothing is left that could be stopped. */
  clear(): boolean {
    if (this.mark === undefined) return true;
    if (!this.termSent) this.terminate(false);
    const left = this.others(false);
    if (left.length === 0 || this.isHopeless()) return true;
    if (hostClock() >= this.graceEnds) this.kill(left);
    return false;
  }

  /** Whether all that could be done has been done for a while. */
  isHopeless(): boolean {
    const last = this.mark === undefined ? this.graceEnds : this.killedAt;
    return hostClock() >= last + WRAPPER_MS;
  }

  private kill(processes: MarkedProcess[]): void {
    this.killedAt = Math.min(this.killedAt, hostClock());
    for (const { pid } of processes) signal(pid, 'SIGKILL');
  }

  private terminate(wrapperLives: boolean): void {
    this.termSent = true;
    const others = this.others(wrapperLives);
    if (wrapperLives) signal(-this.claim.pid, 'SIGTERM'); // all of the group at one instant; the wrapper is deaf to it
    for (const { pid, group } of others) if (!wrapperLives || group !== this.claim.pid) signal(pid, 'SIGTERM');
  }

  private others(wrapperLives: boolean): MarkedProcess[] {
    for (const found of findMarked(this.mark!, wrapperLives ? this.claim.pid : undefined)) {
      this.seen.set(found.pid, found);
    }
    this.seen.delete(this.claim.pid);
    return [...this.seen.values()].filter(isStillThere);
  }
}
