import type { StepGroup } from './step-group.js';

/**
 * The order in which the steps of a group begin: that of the engine (`engine/start.ts`), as long as all of them succeed.
 * A step that is ready waits in line; whoever asks for the next one has a slot for it.
 */
export class GroupOrder {
  private readonly line: number[];
  private head = 0;
  private readonly awaited: number[];
  private readonly followers: number[][];

  constructor(private readonly group: Pick<StepGroup, 'steps' | 'after' | 'started' | 'ready'>) {
    this.line = [...group.started, ...group.ready];
    this.awaited = group.after.map((places) => places.length);
    this.followers = group.after.map(() => []);
    group.after.forEach((places, place) => {
      for (const before of places) this.followers[before]!.push(place);
    });
  }

  /** The next step to begin; undefined where none is ready, or only the run can start it. */
  next(): number | undefined {
    const place = this.line[this.head];
    if (place === undefined || this.group.steps[place] === null) return undefined;
    this.head += 1;
    return place;
  }

  /** A step has succeeded. */
  succeeded(place: number): void {
    for (const follower of this.followers[place]!) {
      this.awaited[follower]! -= 1;
      if (this.awaited[follower] === 0) this.line.push(follower);
    }
  }
}

/**
 * An order of ends in which the engine starts everything that was begun, where nobody remembers in which order the ends
 * were taken in.
 *
 * @param begun places in the order in which they began
 * @param ended places of those that have succeeded, in the order in which they ended
 */
export function likelyOrder(group: StepGroup, begun: readonly number[], ended: readonly number[]): number[] {
  const order = new GroupOrder(group);
  const left = [...ended];
  const taken: number[] = [];
  const started = new Set<number>();
  const start = (): void => {
    while (started.size - taken.length < group.slots) {
      const next = order.next();
      if (next === undefined) return;
      started.add(next);
    }
  };
  const take = (place: number): void => {
    left.splice(left.indexOf(place), 1);
    taken.push(place);
    order.succeeded(place);
    start();
  };
  start();
  for (const place of begun) {
    for (const before of group.after[place]!) if (left.includes(before)) take(before);
    while (!started.has(place) && left.length > 0) take(left[0]!);
  }
  while (left.length > 0) take(left[0]!);
  return taken;
}
