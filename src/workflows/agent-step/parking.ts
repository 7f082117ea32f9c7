import { CancellationScope, condition, sleep } from '@temporalio/workflow';
import type { Park, Said } from '../../engine/index.js';
import type { Timeout } from '../../plan/model/values.js';

/** How a step that has begun waits without a slot. */
export interface Parking {
  /** Waits until a time, milliseconds since the epoch, and then for a slot. */
  until(park: Park & { until: number }): Promise<void>;
  /** Waits until something holds, and then for a slot. */
  while(park: Park, holds: () => boolean): Promise<void>;
  /** Waits for words of a person, and then for a slot. @returns undefined where none came in time */
  forPerson(park: Park, timeout: Timeout): Promise<Said | undefined>;
}

/** What the runner hands to the steps that are parked. */
export interface ParkedSteps {
  parkingOf(step: number): Parking;
  /** A parked step has a slot again. */
  go(step: number): void;
  /** A person has said something to it. */
  tell(step: number, said: Said): void;
}

/** Joins the engine, which knows who has a slot, with the steps that wait for one. */
export function createParkedSteps(engine: {
  parked(step: number, park: Park): void;
  unparked(step: number): void;
}): ParkedSteps {
  const going = new Set<number>();
  const words = new Map<number, Said>();

  return {
    go: (step) => void going.add(step),
    tell: (step, said) => void words.set(step, said),
    parkingOf(step) {
      const parked = async <T>(park: Park, wait: () => Promise<T>): Promise<T> => {
        going.delete(step);
        words.delete(step);
        engine.parked(step, park);
        const result = await wait();
        engine.unparked(step);
        await unlessCanceled(() => going.has(step));
        return result;
      };
      return {
        until: (park) => parked(park, () => sleep(Math.max(1, park.until - Date.now()))),
        while: (park, holds) => parked(park, () => unlessCanceled(() => !holds())),
        forPerson: (park, timeout) =>
          parked(park, async () => {
            const told = () => words.has(step);
            if (timeout === 'none') await unlessCanceled(told);
            else await condition(told, Math.max(1, timeout * 1000));
            return words.get(step);
          }),
      };
    },
  };
}

/** A condition that a cancellation of the step ends. */
async function unlessCanceled(holds: () => boolean): Promise<void> {
  await Promise.race([condition(holds), CancellationScope.current().cancelRequested]);
}

/** For an instance of a `foreach`, whose step goes on meanwhile: it keeps its place, and nobody can talk to it. */
export function instanceParking(): Parking {
  return {
    until: (park) => sleep(Math.max(1, park.until - Date.now())),
    while: (_, holds) => unlessCanceled(() => !holds()),
    forPerson: async () => undefined,
  };
}
