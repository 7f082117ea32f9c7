import { unpackAfter, type StepGroup } from './step-group.js';

/**
 * The order in which the steps of a group begin: that of the engine (`engine/start.ts`), as long as all of them succeed.
 * A step that is ready waits in line; whoever asks for the next one has a slot for it.
 */
export class GroupOrder {
  private readonly line: number[];
  private head = 0;
  private readonly awaited: number[];
  private readonly followers: number[][];
  /** Set where the run has something to decide that may end everything. */
  private over = false;

  constructor(private readonly group: Pick<StepGroup, 'steps' | 'after' | 'started' | 'ready' | 'decided'>) {
    this.line = [...group.started, ...group.ready];
    const after = unpackAfter(group);
    this.awaited = after.map((places) => places.length);
    this.followers = after.map(() => []);
    after.forEach((places, place) => {
      for (const before of places) this.followers[before]!.push(place);
    });
  }

  /** The next step to begin; undefined where none is ready, or only the run can start it. */
  next(): number | undefined {
    const place = this.line[this.head];
    if (place === undefined || this.over || this.group.steps[place] === null) return undefined;
    this.head += 1;
    return place;
  }

  /** A step has succeeded. */
  succeeded(place: number): void {
    for (const follower of this.followers[place]!) {
      this.awaited[follower]! -= 1;
      if (this.awaited[follower] !== 0) continue;
      this.line.push(follower);
      if (this.group.decided.includes(follower)) this.over = true;
    }
  }
}
