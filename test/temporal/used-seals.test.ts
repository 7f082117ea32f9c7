import { appendFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createUsedSeals } from '../../src/temporal/used-seals.js';
import { tempDir } from '../support/plans.js';

const now = Date.now();
const DAY_MS = 24 * 3600_000;

test('a seal is good for the execution that uses it first, as often as that asks', () => {
  const used = createUsedSeals(path.join(tempDir(), 'used'));
  expect(used.use({ id: 'a', at: now }, 'run 1')).toBe(true);
  expect(used.use({ id: 'a', at: now }, 'run 2')).toBe(false);
  expect(used.use({ id: 'a', at: now }, 'run 1')).toBe(true);
  expect(used.use({ id: 'b', at: now }, 'run 2')).toBe(true);
});

test('workers that share the folder agree, also one that is started later', () => {
  const dir = path.join(tempDir(), 'used');
  const [one, two] = [createUsedSeals(dir), createUsedSeals(dir)];
  expect(one.use({ id: 'a', at: now }, 'run 1')).toBe(true);
  expect(two.use({ id: 'a', at: now }, 'run 2')).toBe(false);
  expect(two.use({ id: 'b', at: now }, 'run 2')).toBe(true);
  expect(one.use({ id: 'b', at: now }, 'run 1')).toBe(false);
  expect(createUsedSeals(dir).use({ id: 'a', at: now }, 'run 3')).toBe(false);
});

test('a line that was cut off counts for nothing, and takes no other with it', () => {
  const dir = path.join(tempDir(), 'used');
  const used = createUsedSeals(dir);
  used.use({ id: 'a', at: now }, 'run 1');
  const file = path.join(dir, readdirSync(dir)[0]!);
  appendFileSync(file, '["b","ru');
  expect(used.use({ id: 'c', at: now }, 'run 1')).toBe(true);
  expect(used.use({ id: 'b', at: now }, 'run 2')).toBe(true);
  expect(createUsedSeals(dir).use({ id: 'c', at: now }, 'run 2')).toBe(false);
});

test('only the owner reads it, and old days go', () => {
  const dir = path.join(tempDir(), 'used');
  createUsedSeals(dir).use({ id: 'a', at: now }, 'run 1');
  const [today] = readdirSync(dir);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(statSync(path.join(dir, today!)).mode & 0o777).toBe(0o600);
  writeFileSync(path.join(dir, '2020-01-01.log'), '');
  createUsedSeals(dir).use({ id: 'b', at: now - DAY_MS }, 'run 1');
  expect(readdirSync(dir)).toHaveLength(2);
  expect(readdirSync(dir)).toContain(today);
});
