import type { Park, PersonsAnswer } from '../../engine/index.js';
import type { Timeout } from '../../plan/model/values.js';
import type { Temporal } from '../temporal/temporal.js';

/** How a step that has begun waits without a slot. */
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

  parkingOf(step: number): Parking {
    return {
      until: (park) => this.parked(step, park, () => this.temporal.sleep(Math.max(1, park.until - Date.now()))),
      while: (park, holds) => this.parked(step, park, () => unlessCanceled(this.temporal, () => !holds())),
      forPerson: (park, timeout) => this.parked(step, park, () => this.wordsFor(step, timeout)),
    };
  }

  private async parked<T>(step: number, park: Park, wait: () => Promise<T>): Promise<T> {
    this.going.delete(step);
    this.words.delete(step);
    this.engine.parked(step, park);
    const result = await wait();
    this.engine.unparked(step);
    await unlessCanceled(this.temporal, () => this.going.has(step));
    return result;
  }

  private async wordsFor(step: number, timeout: Timeout): Promise<PersonsAnswer | undefined> {
    const told = (): boolean => this.words.has(step);
    if (timeout === 'none') await unlessCanceled(this.temporal, told);
    else await this.temporal.condition(told, Math.max(1, timeout * 1000));
    return this.words.get(step);
  }
}

/** For an instance of a `foreach`, whose step goes on meanwhile: it keeps its place, and nobody can talk to it. */
export class InstanceParking implements Parking {
  constructor(private readonly temporal: Temporal) {}

  until(park: Park & { until: number }): Promise<void> {
    return this.temporal.sleep(Math.max(1, park.until - Date.now()));
  }

  while(_: Park, holds: () => boolean): Promise<void> {
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
