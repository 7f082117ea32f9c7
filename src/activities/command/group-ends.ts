import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';

const NAME = 'group-ends';

/**
 * The order in which the ends of the steps of a group were taken in, for who comes after a lost worker. It lies with the try
 * of the first step, and goes with it.
 */
export class GroupEnds {
  private file: number | undefined;

  /** @param tryDir folder of the try of the first step that was started */
  constructor(private readonly tryDir: string) {}

  /** Notes an end before anything begins because of it. @returns false where that was not possible */
  note(place: number): boolean {
    try {
      this.file ??= openSync(path.join(this.tryDir, NAME), 'a', 0o600);
      writeSync(this.file, `${place}\n`);
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  /** What was noted, in order. */
  read(): number[] {
    try {
      // A line that was cut off has let nothing begin.
      return readFileSync(path.join(this.tryDir, NAME), 'utf8').split('\n').slice(0, -1).map(Number);
    } catch {
      return [];
    }
  }
}
