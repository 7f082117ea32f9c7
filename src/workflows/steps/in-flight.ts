import type { CarriedLocks } from '../../contract/carried-run.js';
import type { CarriedStep } from '../../contract/step-task.js';

/**
 * What is under way: a process, which a run that goes on in a new history finds again; a wait for locks, which is asked for
 * anew; or something that only this history hears the end of. What has landed has ended, and its step is about to.
 */
export type Flight = 'process' | 'locks' | 'call' | 'sub-plan' | 'short-steps' | 'landed';

/** What each of them is called to people. */
const WORDS: Readonly<Record<Flight, string>> = {
  process: 'a process',
  locks: 'locks',
  call: 'an HTTP call',
  'sub-plan': 'a sub-plan',
  'short-steps': 'short steps',
  landed: 'its end',
};

/** What a run has under way now, by the ids of steps and instances; and what an earlier history had. */
export class InFlight {
  private readonly flights = new Map<string, Flight>();
  /** Steps of agents, and whether each could go along now. What they have under way themselves is among the flights. */
  private readonly agents = new Map<string, () => boolean>();
  private readonly known = new Map<string, CarriedStep>();
  private readonly before: Map<string, CarriedStep>;
  private readonly heldLocks: Map<string, CarriedLocks>;

  constructor({
    running = [],
    locks = [],
  }: { running?: [string, CarriedStep][]; locks?: [string, CarriedLocks][] } = {}) {
    this.before = new Map(running);
    this.heldLocks = new Map(locks);
  }

  /** Steps that were started, and of which nothing is under way yet. */
  starting = 0;

  get size(): number {
    return this.flights.size + this.agents.size + this.starting;
  }

  get hasAgents(): boolean {
    return this.agents.size > 0;
  }

  begin(id: string, flight: Flight): void {
    this.flights.set(id, flight);
  }

  /** @param rests whether it could go along to a new history now */
  beginAgent(id: string, rests: () => boolean): void {
    this.flights.delete(id);
    this.agents.set(id, rests);
  }

  /** A process is under way, of which an earlier history may have known. @returns what that knew */
  beginProcess(id: string): CarriedStep | undefined {
    this.begin(id, 'process');
    const known = this.before.get(id);
    this.before.delete(id);
    if (known !== undefined) this.known.set(id, known);
    return known;
  }

  /** A process runs, or has ended, that this history has yet to ask for. */
  found(id: string, known: CarriedStep): void {
    this.before.set(id, known);
  }

  /** Whether an earlier history has begun it, and this one has yet to. */
  goesOn(id: string): boolean {
    return this.before.has(id);
  }

  end(id: string): void {
    this.agents.delete(id);
    this.landed(id);
  }

  /** A process has ended, and what it belongs to goes on. */
  landed(id: string): void {
    this.flights.delete(id);
    this.known.delete(id);
  }

  /** What runs now as a process, with what is known of it. @param looked what the service knows */
  processes(looked: Readonly<Record<string, CarriedStep>> = {}): [string, CarriedStep][] {
    const begun = [...this.flights].flatMap(([id, flight]) =>
      flight === 'process' ? [[id, { ...this.known.get(id), ...looked[id] }] as [string, CarriedStep]] : [],
    );
    return [...this.before, ...begun];
  }

  /**
   * What cannot go along to a new history, in words.
   *
   * @param agents which of them: all, those that do something now which only this history hears the end of, or none, since
   * that is a matter of seconds
   */
  staying(agents: 'all' | 'busy' | 'none'): string[] {
    const flights = [...this.flights].flatMap(([id, flight]) =>
      flight === 'process' || flight === 'locks' ? [] : [`'${id}' (${WORDS[flight]})`],
    );
    const busy = [...this.agents].flatMap(([id, rests]) =>
      agents === 'all' || (agents === 'busy' && !rests()) ? [`'${id}' (an agent)`] : [],
    );
    return [...flights, ...busy];
  }

  /** The locks of a step. */
  locksOf(id: string): CarriedLocks | undefined {
    return this.heldLocks.get(id);
  }

  noteLocks(id: string, locks: CarriedLocks | undefined): void {
    if (locks === undefined) this.heldLocks.delete(id);
    else this.heldLocks.set(id, locks);
  }

  get locks(): [string, CarriedLocks][] {
    return [...this.heldLocks];
  }
}
