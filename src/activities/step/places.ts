/**
 * How many processes of steps this worker waits for. A group of steps has one place among the worker's activities, and so
 * begins more than one process only where there is room for that.
 */
export class Places {
  private taken = 0;

  /** @param most processes at once */
  constructor(readonly most: number) {}

  get free(): boolean {
    return this.taken < this.most;
  }

  /** Does something that takes a place. */
  async with<T>(act: () => Promise<T>): Promise<T> {
    this.taken += 1;
    try {
      return await act();
    } finally {
      this.taken -= 1;
    }
  }
}
