import { existsSync } from 'node:fs';
import { SpawnError } from '../spawn-error.js';
import { Alarm, watchFifo } from './alarm.js';
import { fileOf, readJson, type Generation } from './files.js';
import { createFileOnce } from '../../host/atomic-file.js';
import { isMissing } from '../../host/errno.js';
import { isDiskFull } from '../../host/disk-room.js';
import { hostId } from '../../host/host-id.js';
import { launch, type Command, type Wrapper } from './launch.js';
import { livenessOf } from './liveness.js';
import { killMarked, markOf } from './marked.js';
import { OutputCap } from './output-cap.js';
import type { WrapperEnd } from './start-wrapper.js';
import { closeUnclaimed, readRecord, runTime, sinceClaim, type Claim, type Exit } from './record.js';
import { Escalation, readStop, requestStop } from './stop.js';
import { cancelReasonOf } from './stop-reason.js';
import type { DurableControls, DurableEnd, DurableSpec, Started, StopReason } from './types.js';
import { defined } from '../../basics/defined.js';

/** The first look comes after as long; the time to the next doubles until it is {@link POLL_MS}. Milliseconds. */
const FIRST_POLL_MS = 10;
/** Behind the events: nothing is overlooked for longer. */
const POLL_MS = 1000;
const STOPPING_POLL_MS = 50;
/** A wrapper that has created `state` writes its first line at once, if it lives. */
const CLAIM_MS = 2000;
/** A wrapper may be killed before its claim, by whoever frees memory say. */
const MAX_LAUNCHES = 3;
/** Output of so many times the cap ends the grace: who is deaf to TERM would fill the disk. */
const RUNAWAY = 2;

/** What holds for a wait. */
export interface AttachOptions extends Pick<DurableSpec, 'timeoutMs' | 'maxDurationMs' | 'maxOutputBytes' | 'graceMs'> {
  /** What to start where nothing is; absent for those who only stop. */
  command?: Command;
  controls: DurableControls;
  cancelReason?: StopReason;
}

/** Starts a generation unless it is claimed, and waits for its end. It does not go on to another one. */
export function attach(generation: Generation, options: AttachOptions): Promise<DurableEnd> {
  return new Attachment(generation, options).run();
}

/**
 * One wait for one generation.
 *
 * Its files are the only truth. All that happens here only rings the alarm, and at each ring the files are read anew.
 */
class Attachment {
  private readonly alarm = new Alarm();
  private readonly mark: string;
  private readonly since = performance.now();
  private pollMs = FIRST_POLL_MS;
  private wrapper: Wrapper | undefined;
  private launches = 0;
  private emptySince: number | undefined;
  private claim: Claim | undefined;
  private started: Started | undefined;
  private cap: OutputCap | undefined;
  private escalation: Escalation | undefined;
  private closeFifo = (): void => {};

  constructor(
    private readonly generation: Generation,
    private readonly options: AttachOptions,
  ) {
    this.mark = markOf(generation);
  }

  async run(): Promise<DurableEnd> {
    const { cancel, detach } = this.options.controls;
    const signals = [cancel, detach].filter((signal) => signal !== undefined);
    for (const signal of signals) signal.addEventListener('abort', this.alarm.ring);
    try {
      for (;;) {
        const end = await this.look();
        if (end !== undefined) return end;
        await this.alarm.next(this.pause());
      }
    } finally {
      for (const signal of signals) signal.removeEventListener('abort', this.alarm.ring);
      this.cap?.close();
      this.closeFifo();
      this.wrapper?.unref();
    }
  }

  /** Reads what is there and does what is due. @returns the end, where it has come. */
  private async look(): Promise<DurableEnd | undefined> {
    const record = readRecord(this.generation);
    const { index } = this.generation;
    if (record.closed === 'spawn_failed') throw new SpawnError('an earlier attempt to start it failed');
    if (record.closed !== undefined) return { kind: 'closed', generation: index, stopped: record.closed };
    const claim = record.claim ?? this.claim; // a claim stays true where the folder has been deleted
    if (claim === undefined) return this.beforeClaim(record.exists);
    this.begin(claim);
    if (this.wrapper?.ended === 'unknown') this.followAsStranger();
    if (record.exit !== undefined) return this.afterExit(claim, record.exit);
    if (this.isDead(claim)) return this.afterDeath(claim);
    if (this.options.controls.detach?.aborted) return { kind: 'detached', generation: index };
    this.enforce(claim);
    return undefined;
  }

  private async beforeClaim(exists: boolean): Promise<DurableEnd | undefined> {
    const { controls, cancelReason } = this.options;
    const { index } = this.generation;
    if (exists) return this.afterEmptyClaim();
    if (controls.cancel?.aborted) {
      const stopped = cancelReasonOf(controls.cancel, cancelReason);
      if (closeUnclaimed(this.generation, stopped)) return { kind: 'closed', generation: index, stopped };
      this.alarm.ring(); // a wrapper was faster
    } else if (controls.detach?.aborted) {
      return { kind: 'detached', generation: index };
    } else if (this.wrapper === undefined) {
      await this.launch();
    } else if (this.wrapper.ended === 'unknown') {
      await this.launch(); // whether that one still runs is not known; only one can claim
    } else if (this.wrapper.ended !== undefined) {
      return this.afterUnclaimedEnd(this.wrapper.ended);
    }
    return undefined;
  }

  private async launch(): Promise<void> {
    const { command } = this.options;
    if (command === undefined) throw new Error('Internal error: there is no command to start');
    this.launches += 1;
    try {
      this.wrapper = await launch(this.generation, this.mark, command, this.alarm.ring);
    } catch (error) {
      if (isDiskFull(error)) throw error; // it may be started when there is room
      // A wrapper of a worker that has died may be on its way: either it runs or this failure is told.
      if (closeUnclaimed(this.generation, 'spawn_failed')) throw error;
      this.alarm.ring();
    }
  }

  private afterUnclaimedEnd({ code, signal }: WrapperEnd): DurableEnd | undefined {
    if (!existsSync(this.generation.dir)) return this.lost(0, true); // deleted: it may have claimed and run
    const retried = signal !== null && this.launches < MAX_LAUNCHES;
    if (!readRecord(this.generation).exists && !retried && closeUnclaimed(this.generation, 'spawn_failed')) {
      throw new SpawnError(`the shell that should run it ended with ${signal ?? `code ${code}`}`);
    }
    this.wrapper = undefined;
    this.alarm.ring();
    return undefined;
  }

  /** Who has created the file has not written its claim: it is about to, or it died. */
  private async afterEmptyClaim(): Promise<DurableEnd | undefined> {
    const now = performance.now();
    this.emptySince ??= now;
    if (now - this.emptySince < CLAIM_MS) return undefined;
    this.emptySince = now;
    const killed = await killMarked(this.mark); // what stood still before its claim cannot wake up after this
    const record = readRecord(this.generation);
    return record.claim === undefined ? this.lost(killed, false) : undefined;
  }

  /** The claim is seen for the first time. */
  private begin(claim: Claim): void {
    if (this.started !== undefined) return;
    this.claim = claim;
    const attached = claim.pid !== this.wrapper?.pid;
    if (attached) this.followAsStranger();
    this.started = {
      pid: claim.pid,
      generation: this.generation.index,
      startedAt: claim.launchedAt,
      ...this.streams(),
      attached,
    };
    const { maxOutputBytes, controls } = this.options;
    if (maxOutputBytes !== undefined) {
      this.cap = new OutputCap(Object.values(this.streams()), maxOutputBytes, this.alarm.ring);
    }
    controls.onStart?.(this.started);
  }

  /** Nobody tells the end of a wrapper that another process has started; its FIFO does. */
  private followAsStranger(): void {
    this.wrapper?.unref();
    this.wrapper = undefined;
    this.closeFifo();
    this.closeFifo = watchFifo(fileOf(this.generation, 'alive'), this.alarm.ring);
  }

  /** What is deaf to every signal, or out of their reach in another container, is given up in the end. */
  private isDead(claim: Claim): boolean {
    if (this.escalation?.isHopeless()) return true;
    if (this.wrapper?.pid === claim.pid) return this.wrapper.ended !== undefined;
    return livenessOf(this.generation, claim) === 'dead';
  }

  /** The command has ended. Where it was stopped, what it has left behind goes before anybody hears of the end. */
  private afterExit(claim: Claim, exit: Exit): DurableEnd | undefined {
    const stop = this.stop(claim);
    if (stop !== undefined && !stop.clear()) {
      return this.options.controls.detach?.aborted
        ? { kind: 'detached', generation: this.generation.index }
        : undefined;
    }
    return {
      kind: 'exited',
      ...this.started!,
      ...(exit.signal === undefined ? { exitCode: exit.exitCode! } : { signal: exit.signal }),
      ...defined({ stopped: stop?.reason }),
      durationMs: runTime(claim, exit),
    };
  }

  private async afterDeath(claim: Claim): Promise<DurableEnd | undefined> {
    const record = readRecord(this.generation); // the end is written down before the wrapper dies
    if (record.exit !== undefined) return this.afterExit(claim, record.exit);
    const end = this.wrapper?.ended;
    if (!record.exists && typeof end === 'object' && end.code !== null) {
      return this.afterExit(claim, { exitCode: end.code, endedAt: Date.now() }); // the folder has been deleted
    }
    return this.lost(await killMarked(this.mark), true);
  }

  /** Writes down that a generation is lost: it can never run again, and the first count of its leftovers stays. */
  private lost(leftoversKilled: number, started: boolean): DurableEnd {
    const stop = this.escalation?.reason ?? readStop(this.generation)?.reason;
    const lost: Tombstone = { leftovers_killed: leftoversKilled, started, ...defined({ stopped: stop }) };
    return lostEnd(this.generation, bury(this.generation, lost));
  }

  /** Stops what has run for too long, has written too much or is no longer wanted, and carries on with a stop. */
  private enforce(claim: Claim): void {
    const { controls, cancelReason } = this.options;
    const output = this.cap?.look() ?? 0;
    const reason = controls.cancel?.aborted
      ? cancelReasonOf(controls.cancel, cancelReason)
      : output > 1
        ? 'output_cap'
        : this.expired(claim);
    this.stop(claim, reason)?.press(output > RUNAWAY);
  }

  private stop(claim: Claim, reason?: StopReason): Escalation | undefined {
    if (this.escalation !== undefined) return this.escalation;
    const asked = readStop(this.generation);
    const request = asked ?? (reason && requestStop(this.generation, reason, this.options.graceMs));
    if (request === undefined) return undefined;
    const reachable = claim.host.namespace === hostId().namespace && claim.host.boot === hostId().boot;
    this.escalation = new Escalation(reachable ? this.mark : undefined, claim, request);
    return this.escalation;
  }

  private expired(claim: Claim): StopReason | undefined {
    return this.limits(claim).find(({ leftMs }) => leftMs <= 0)?.reason;
  }

  private limits(claim: Claim): { reason: StopReason; leftMs: number }[] {
    const { timeoutMs = Number.POSITIVE_INFINITY, maxDurationMs = Number.POSITIVE_INFINITY } = this.options;
    return [
      { reason: 'timeout', leftMs: timeoutMs - sinceClaim(claim) },
      { reason: 'max_duration', leftMs: maxDurationMs - (performance.now() - this.since) },
    ];
  }

  /** Milliseconds to the next look, if nothing happens before. */
  private pause(): number {
    this.pollMs = Math.min(this.pollMs * 2, POLL_MS);
    if (this.escalation !== undefined) return Math.min(STOPPING_POLL_MS, this.cap?.pauseMs ?? STOPPING_POLL_MS);
    const limits = this.claim === undefined ? [] : this.limits(this.claim).map(({ leftMs }) => Math.max(1, leftMs));
    return Math.ceil(Math.min(this.pollMs, this.cap?.pauseMs ?? POLL_MS, ...limits));
  }

  private streams(): { stdoutFile: string; stderrFile: string } {
    return streamsOf(this.generation);
  }
}

/** What `lost.json` holds. */
interface Tombstone {
  leftovers_killed: number;
  started: boolean;
  stopped?: StopReason;
}

/** How a generation was lost; undefined where it was not. */
export function readLost(generation: Generation): Extract<DurableEnd, { kind: 'lost' }> | undefined {
  const tombstone = readJson(fileOf(generation, 'lost')) as Tombstone | undefined;
  return tombstone && lostEnd(generation, tombstone);
}

function bury(generation: Generation, tombstone: Tombstone): Tombstone {
  const file = fileOf(generation, 'lost');
  try {
    return createFileOnce(file, `${JSON.stringify(tombstone)}\n`)
      ? tombstone
      : ((readJson(file) as Tombstone | undefined) ?? tombstone);
  } catch (error) {
    if (isMissing(error)) return tombstone; // the folder has been deleted; there is no other generation then
    throw error;
  }
}

function lostEnd(
  generation: Generation,
  { leftovers_killed, started, stopped }: Tombstone,
): Extract<DurableEnd, { kind: 'lost' }> {
  return {
    kind: 'lost',
    generation: generation.index,
    started,
    leftoversKilled: leftovers_killed,
    ...defined({ stopped }),
    ...streamsOf(generation),
  };
}

function streamsOf(generation: Generation): { stdoutFile: string; stderrFile: string } {
  return { stdoutFile: fileOf(generation, 'stdout'), stderrFile: fileOf(generation, 'stderr') };
}
