import type { AgentProgress } from '../../contract/carried-agent.js';
import type { Park, PersonsAnswer, StepState } from '../../engine/index.js';
import type { Timeout } from '../../plan/model/values.js';
import type { Temporal } from '../temporal/temporal.js';
import { defined } from '../../basics/defined.js';

/**
 * How a step that has begun waits without a slot. What it waits for stands in its progress meanwhile, which whoever waited
 * clears; where it stands there from an earlier history, the wait goes on.
 */
export interface Parking {
  /** Waits until a time, milliseconds since the epoch, and then for a slot. */
  until(park: Park & { until: number }): Promise<void>;
  /** Waits until something holds, and then for a slot. */
  while(park: Park, holds: () => boolean): Promise<void>;
  /** Waits for words of a person, and then for a slot. @returns undefined where none came in time */
  forPerson(park: Park, timeout: Timeout): Promise<PersonsAnswer | undefined>;
}

/** What the engine hears of steps that wait for a slot. */
export interface SlotKeeper {
  parked(step: number, park: Park): void;
  unparked(step: number): void;
}

/** Joins the engine, which knows who has a slot, with the steps that wait for one. */
export class ParkedSteps {
  private readonly going = new Set<number>();
  private readonly words = new Map<number, PersonsAnswer>();

  constructor(
    private readonly temporal: Temporal,
    private readonly engine: SlotKeeper,
  ) {}

  /** A parked step has a slot again. */
  go(step: number): void {
    this.going.add(step);
  }

  /** A person has said something to it. */
  tell(step: number, said: PersonsAnswer): void {
    this.words.set(step, said);
  }

  /** What a person has said to a step that waits. */
  saidTo(step: number): PersonsAnswer | undefined {
    return this.words.get(step);
  }

  /** A step goes on that an earlier history has begun. What it has heard since it was parked was meant for it. */
  goOn(step: number, { park }: Pick<StepState, 'park'>, said: PersonsAnswer | undefined): void {
    if (said !== undefined) this.words.set(step, said);
    if (park === undefined) this.go(step);
  }

  parkingOf(step: number, progress: AgentProgress): Parking {
    const { temporal } = this;
    const until = (at: number): Promise<void> => temporal.sleep(Math.max(1, at - Date.now()));
    return {
      until: (park) => this.parked(step, park, progress, () => until(park.until)),
      while: (park, holds) => this.parked(step, park, progress, () => unlessCanceled(temporal, () => !holds())),
      forPerson: (park, timeout) => this.parked(step, park, progress, () => this.wordsFor(step, timeout, progress)),
    };
  }

  private async parked<T>(step: number, park: Park, progress: AgentProgress, wait: () => Promise<T>): Promise<T> {
    if (progress.wait === undefined) {
      this.going.delete(step);
      this.words.delete(step);
      this.engine.parked(step, park);
      progress.wait = waitOf(park);
    }
    // One that waits for a slot only has heard all that it is to hear.
    const result = await (progress.wait.ready === true ? (this.words.get(step) as T) : wait());
    if (progress.wait.ready !== true) {
      progress.wait.ready = true;
      this.engine.unparked(step);
    }
    await unlessCanceled(this.temporal, () => this.going.has(step));
    return result;
  }

  private async wordsFor(step: number, timeout: Timeout, { wait }: AgentProgress): Promise<PersonsAnswer | undefined> {
    const told = (): boolean => this.words.has(step);
    if (timeout === 'none') await unlessCanceled(this.temporal, told);
    else {
      const now = Date.now();
      const end = (wait!.until ??= now + timeout * 1000);
      await this.temporal.condition(told, Math.max(1, end - now));
    }
    return this.words.get(step);
  }
}

function waitOf({ why, until }: Park): NonNullable<AgentProgress['wait']> {
  return { for: why === 'quota' || why === 'budget' ? why : 'person', ...defined({ until }) };
}

/** For an instance of a `foreach`, whose step goes on meanwhile: it keeps its place, and nobody can talk to it. */
export class InstanceParking implements Parking {
  constructor(
    private readonly temporal: Temporal,
    private readonly progress: AgentProgress,
  ) {}

  until(park: Park & { until: number }): Promise<void> {
    this.progress.wait = waitOf(park);
    return this.temporal.sleep(Math.max(1, park.until - Date.now()));
  }

  while(park: Park, holds: () => boolean): Promise<void> {
    this.progress.wait = waitOf(park);
    return unlessCanceled(this.temporal, () => !holds());
  }

  forPerson(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

/** A condition that a cancellation of the step ends. */
async function unlessCanceled(temporal: Temporal, holds: () => boolean): Promise<void> {
  await Promise.race([temporal.condition(holds), temporal.currentScope().cancelRequested]);
}
