import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GroupTurns } from '../../../src/activities/command/group-turns.js';

let idle: number;
let turns: GroupTurns;
beforeEach(() => {
  vi.useFakeTimers();
  idle = 0;
  turns = new GroupTurns(() => idle);
});
afterEach(() => void vi.useRealTimers());

/** A group that begins as many steps as it is let to, up to so many at once. */
class Group {
  running = 0;
  begun = 0;

  constructor(
    private readonly slots: number,
    private left = Infinity,
  ) {
    turns.open();
    this.pump();
  }

  /** One of its steps ends. */
  end(): void {
    this.running -= 1;
    turns.end();
    this.pump();
  }

  private readonly pump = (): void => {
    while (this.running < this.slots && this.left > 0 && turns.take(this.pump)) {
      this.running += 1;
      this.begun += 1;
      this.left -= 1;
    }
    if (this.running === this.slots || this.left === 0) turns.leave(this.pump);
  };
}

/** How many run at once where the processors are busy. */
function most(): number {
  const others = new GroupTurns(() => 0);
  let room = 0;
  while (others.take(() => {})) room += 1;
  return room;
}

test('groups have turns one after the other, however many steps each could begin', () => {
  const room = most();
  const groups = Array.from({ length: room + 2 }, () => new Group(room));
  expect(groups.map(({ running }) => running)).toEqual([room, ...Array<number>(room + 1).fill(0)]);
  for (let i = 0; i < room; i += 1) groups[0]!.end();
  // The first one is behind all that have waited.
  expect(groups.map(({ running }) => running)).toEqual([0, ...Array<number>(room).fill(1), 0]);
  groups[1]!.end();
  expect(groups.at(-1)!.running).toBe(1);
  groups[2]!.end();
  expect([groups[1]!.running, groups[0]!.running]).toEqual([1, 0]); // it has waited since its own turn
  groups[3]!.end();
  expect(groups[0]!.running).toBe(1);
});

test('more begin where the processors idle, and as many as before once all groups are over', () => {
  const room = most();
  const group = new Group(1000);
  vi.advanceTimersByTime(30);
  expect(group.running).toBe(room);
  idle = 1;
  vi.advanceTimersByTime(60);
  expect(group.running).toBe(3 * room);
  turns.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('a group that goes leaves its turn to the next one', () => {
  const room = most();
  const first = new Group(room);
  const second = new Group(1);
  const third = new Group(1);
  turns.leave(second['pump']);
  first.end();
  expect([second.running, third.running]).toEqual([0, 1]);
});

test('whoever must begin now does so beyond what there is room for', () => {
  const room = most();
  const group = new Group(room);
  expect([group.running, turns.take(() => {}), turns.take(() => {}, true)]).toEqual([room, false, true]);
});
