/** Who carries out what was started. */
interface Starter {
  /** Whether short steps are under way, of which the run hears together: until then it takes nothing else in. */
  readonly busy: boolean;
  /** Carries out what was started since it was last called. */
  flush(): void;
}

/**
 * Lets one thing after the other come to the run. What one of them starts is carried out once all that belongs to it is
 * taken in, and what comes while short steps are under way waits for these.
 */
export class Intake {
  /** When something was last carried out. Epoch milliseconds. */
  handedOutAt = 0;
  /** What has come while short steps were under way, in order. */
  private readonly meanwhile: (() => void)[] = [];
  /** How many things are being taken in: one may bring about another. */
  private taking = 0;

  constructor(private readonly starter: () => Starter) {}

  /** Takes something in now, or once what is under way lets it. @param later the same, told of then */
  take(now: () => void, later: () => void): void {
    if (this.starter().busy) this.meanwhile.push(later);
    else this.takeIn(now);
  }

  /** Does something that looks at the run and steers it, once what is under way lets it. */
  inTurn<T>(act: () => T): T | Promise<T> {
    if (!this.starter().busy) return act();
    return new Promise<T>((resolve, reject) => {
      this.meanwhile.push(() => {
        try {
          resolve(act());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Takes in that short steps have landed, and then what has come meanwhile. */
  land(landed: () => void): void {
    this.takeIn(() => {
      landed();
      for (const act of this.meanwhile.splice(0)) act();
    });
  }

  /**
   * Takes something in, and then carries out what it has started. Not in between: what one event starts would be handed out as
   * a group that the other, which stops or holds starts, comes too late for.
   */
  takeIn(take: () => void): void {
    this.taking += 1;
    try {
      take();
    } finally {
      this.taking -= 1;
    }
    if (this.taking > 0) return;
    this.handedOutAt = Date.now();
    this.starter().flush();
  }
}
