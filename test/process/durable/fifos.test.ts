import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placeFifo } from '../../../src/process/durable/fifo-pool.js';
import { fileOf, generationOf, makeDir, type Generation } from '../../../src/process/durable/files.js';
import { sweepTries } from '../../../src/process/index.js';
import { DurableRig } from '../../support/durable.js';
import { eventually } from '../../support/eventually.js';

let rig: DurableRig;
let made = 0;
beforeEach(() => {
  rig = new DurableRig();
});
afterEach(() => rig.close());

function generation(): Generation {
  const next = generationOf(rig.path(`attempts/${(made += 1)}`), 0);
  makeDir(next.dir);
  return next;
}

/** Asks until the stock gives one. */
function stocked(): Promise<Generation> {
  return eventually('a FIFO from the stock', () => {
    const next = generation();
    placeFifo(next);
    return statSync(fileOf(next, 'alive'), { throwIfNoEntry: false })?.isFIFO() && next;
  });
}

const stocks = (): string[] => readdirSync(rig.path('attempts/.fifos'));

test('a stock gives each generation a FIFO of its own, private to the user', async () => {
  const stats = [await stocked(), await stocked()].map((next) => statSync(fileOf(next, 'alive')));
  expect(stats[0]!.ino).not.toBe(stats[1]!.ino);
  for (const { mode, nlink } of stats) expect([mode & 0o777, nlink]).toEqual([0o600, 1]);
});

test('one that a wrapper may hold open is never replaced', async () => {
  const held = await stocked();
  const before = statSync(fileOf(held, 'alive')).ino;
  placeFifo(held);
  expect(statSync(fileOf(held, 'alive')).ino).toBe(before);
});

test('where the stock was deleted the wrapper makes its own', async () => {
  await stocked();
  rmSync(rig.path('attempts/.fifos'), { recursive: true });
  expect(await rig.run('exit 3')).toMatchObject({ kind: 'exited', exitCode: 3 });
  expect(statSync(`${rig.tryDir}/g0/alive`).isFIFO()).toBe(true);
});

test('the sweep removes the stocks of workers that are gone, and no others', async () => {
  await stocked();
  mkdirSync(rig.path('attempts/.fifos/99999999-1'));
  const removed = await sweepTries(rig.path('attempts'), { isOpen: () => Promise.resolve(false), graceMs: 100 });
  expect(removed).not.toContain('.fifos');
  expect(stocks()).toEqual([expect.stringMatching(`^${process.pid}-`)]);
});
