import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { createRedactor, LogCopy } from '../../src/secrets/index.js';
import { eventually } from '../support/eventually.js';
import { tempDir } from '../support/plans.js';

let from: string;
let to: string;
beforeEach(() => {
  from = path.join(tempDir(), 'out');
  to = path.join(tempDir(), 'a run', 'stdout.log');
});
const copy = (): LogCopy => new LogCopy(from, to, createRedactor());
const LARGE = 'a line\n'.repeat(100_000);

test.each([
  ['small', 'a line\n'],
  ['large', LARGE],
])('a %s copy stays as it is where another one has removed the source since', async (_, text) => {
  writeFileSync(from, text);
  expect(await copy().finish()).toBe(true);
  rmSync(from);
  expect(await copy().finish()).toBe(true);
  expect(readFileSync(to, 'utf8')).toBe(text);
});

test('a copy whose folder is deleted while it grows is whole in the end', async () => {
  writeFileSync(from, LARGE);
  const log = copy();
  void log.look();
  await eventually('the copy is begun', () => existsSync(to));
  rmSync(path.dirname(to), { recursive: true });
  writeFileSync(from, 'the end\n', { flag: 'a' });
  expect(await log.finish()).toBe(true);
  expect(readFileSync(to, 'utf8')).toBe(`${LARGE}the end\n`);
});

test('a copy that nobody can write is told to be incomplete', async () => {
  writeFileSync(path.dirname(to), 'in the way');
  writeFileSync(from, 'a line\n');
  expect(await copy().finish()).toBe(false);
});

test('a stream without a byte leaves no file', async () => {
  writeFileSync(from, '');
  expect(await copy().finish()).toBe(true);
  expect(existsSync(to)).toBe(false);
});
