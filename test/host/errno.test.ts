import { readFile } from 'node:fs/promises';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { errnoOf, ifMissing, isMissing, unlessMissing } from '../../src/host/errno.js';
import { tempDir } from '../support/plans.js';

function fileOf(text: string): string {
  const file = path.join(tempDir(), 'f');
  writeFileSync(file, text);
  return file;
}

const gone = path.join(tempDir(), 'gone');
const belowAFile = path.join(fileOf('x'), 'below');

test.each([gone, belowAFile])('what is not there is missing: %s', async (file) => {
  expect(unlessMissing(() => readFileSync(file))).toBeUndefined();
  expect(await readFile(file).catch(ifMissing)).toBeUndefined();
});

test('what else goes wrong is thrown', async () => {
  const folder = tempDir();
  expect(() => unlessMissing(() => readFileSync(folder))).toThrow('EISDIR');
  await expect(readFile(folder).catch(ifMissing)).rejects.toThrow('EISDIR');
  expect(() => ifMissing(new TypeError('a bug'))).toThrow('a bug');
});

test('what is there is read', () => {
  expect(unlessMissing(() => readFileSync(fileOf('text'), 'utf8'))).toBe('text');
});

test('only errors of the system have its codes', () => {
  expect([errnoOf(Object.assign(new Error('x'), { code: 'EPERM' })), errnoOf(new Error('x'))]).toEqual([
    'EPERM',
    undefined,
  ]);
  expect([errnoOf('ENOENT'), errnoOf(undefined), isMissing({ code: 'ENOENT' })]).toEqual([undefined, undefined, false]);
});
