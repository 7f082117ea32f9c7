import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Arrivals } from '../../src/host/arrivals.js';
import { eventually } from '../support/eventually.js';
import { tempDir } from '../support/plans.js';

let files: [string, string];
let arrivals: Arrivals;
beforeEach(() => {
  const dir = tempDir();
  files = [path.join(dir, 'out'), path.join(dir, 'err')];
  for (const file of files) writeFileSync(file, '');
});
afterEach(() => arrivals.stop());

const sizes = (index: number): number[] => {
  const taken: number[] = [];
  for (let next = arrivals.take(index); next !== undefined; next = arrivals.take(index)) taken.push(next.size);
  return taken;
};

test('what comes one after the other in two files has times in that order', async () => {
  arrivals = new Arrivals(files, false);
  arrivals.start();
  const times: number[] = [];
  for (let size = 1; size <= 6; size += 1) {
    const index = size % 2;
    const before = Date.now();
    appendFileSync(files[index]!, 'x');
    await eventually('it is noted', () => arrivals.next(index) !== undefined);
    const { time, size: noted, late } = arrivals.take(index)!;
    expect([noted, late]).toEqual([Math.ceil(size / 2), false]);
    expect(time).toBeGreaterThanOrEqual(before - 1);
    expect(time).toBeLessThanOrEqual(Date.now() + 1);
    times.push(time);
  }
  expect(times.toSorted((a, b) => a - b)).toEqual(times);
  expect(new Set(times).size).toBe(times.length);
});

test('nothing is lost and little is noted of a file that grows fast, and later news are noted again', async () => {
  arrivals = new Arrivals(files, false);
  arrivals.start();
  const until = Date.now() + 500;
  let written = 0;
  while (Date.now() < until) {
    for (let i = 0; i < 50; i += 1, written += 1) appendFileSync(files[0], 'x');
    await new Promise((resolve) => setImmediate(resolve));
  }
  arrivals.look();
  const noted = sizes(0);
  expect(noted.at(-1)).toBe(written);
  expect(noted.length).toBeLessThan(500);
  appendFileSync(files[1], 'x');
  await eventually('it is noted', () => arrivals.next(1)?.size === 1);
});

test('what is there before anybody looks is said to be late; what comes then is not', () => {
  appendFileSync(files[0], 'x');
  arrivals = new Arrivals(files, true);
  arrivals.look(1000.5);
  expect(arrivals.take(0)).toEqual({ time: 1000.5, size: 1, late: true });
  appendFileSync(files[0], 'x');
  appendFileSync(files[1], 'x');
  arrivals.look(1000.5);
  expect(arrivals.take(0)).toEqual({ time: 1000.501, size: 2, late: false });
  expect(arrivals.take(1)).toEqual({ time: 1000.502, size: 1, late: false });
});

test('files that are not there, or go, are no error', async () => {
  arrivals = new Arrivals([files[0], `${files[1]}.none`], false);
  arrivals.start();
  appendFileSync(files[0], 'x');
  await eventually('it is noted', () => arrivals.next(0)?.size === 1);
  rmSync(files[0]);
  arrivals.look();
  expect(sizes(0)).toEqual([1]);
});
