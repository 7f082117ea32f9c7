import type { GroupReport } from '../../contract/step-group.js';
import type { StepReport } from '../../engine/index.js';

/**
 * Steps that follow in the first group, and by how much they become more where a group has come to its end, up to the most.
 * Where it has not, the next one has room for so many times as many as it got to: more of them only make it larger.
 */
export const REACH = { first: 16, firstBefore8: 8, grows: 4, most: 256, room: 1.5 };
/**
 * A step that takes no longer is short: the round trip that it would need takes a good part of that. After so many of them
 * in a row the worker is given groups again. Milliseconds.
 */
const SHORT = { ms: 120, inARow: 3 };

/** How far the groups of a run reach, by what has become of those before: further, as long as all is short. */
export class GroupPace {
  /** Short ones in a row, while there are no groups. */
  private inARow = 0;
  private at: number;
  /** The worker takes no groups, or nobody knows what became of one. */
  declined = false;

  /** @param version engine version of the run */
  constructor(private readonly version: number) {
    this.at = this.first;
  }

  /** How many steps a group may have besides those that were started; 0 where there are no groups now. */
  get reach(): number {
    return this.declined ? 0 : this.at;
  }

  /** A step has ended whose activity was its own. */
  ended(report: StepReport): void {
    const isShort = report.status === 'success' && tookMs(report) <= SHORT.ms;
    this.inARow = isShort ? this.inARow + 1 : 0;
    if (this.inARow < SHORT.inARow || this.at > 0) return;
    this.at = this.first;
    this.inARow = 0;
  }

  /**
   * A group has ended. Where something was not short, or nothing came of it, there are none for now; but one that the worker
   * has not come to says nothing.
   *
   * @param given how many steps it had
   * @param ends those that have ended well
   */
  landed(given: number, ends: readonly { report: StepReport }[], report: GroupReport): void {
    if (report.declined === true) this.declined = true;
    if (report.waited === true && this.version >= 9) return;
    const begun = report.begun.length;
    const took = ends.map((end) => tookMs(end.report)).sort((a, b) => a - b);
    const median = took[Math.floor(took.length / 2)] ?? Infinity;
    if (begun > 0 || median > SHORT.ms) {
      this.at = 0;
      this.inARow = 0;
    } else if (ends.length === given) this.at = Math.min(this.at * REACH.grows, REACH.most);
    else if (this.version >= 8) {
      this.at = Math.min(Math.max(Math.ceil(ends.length * REACH.room), REACH.first), REACH.most);
    }
  }

  private get first(): number {
    return this.version >= 8 ? REACH.first : REACH.firstBefore8;
  }
}

/** How long a step has taken; without end where nobody knows. */
function tookMs({ started_at: from, finished_at: to }: StepReport): number {
  return from === undefined || to === undefined ? Infinity : to - from;
}
