import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFileOnce, replaceFile, replaceFileSync, uniqueBeside } from '../../src/host/atomic-file.js';
import { tempDir } from '../support/plans.js';

const WRITERS = {
  replaceFile,
  replaceFileSync: async (file: string, text: string) => replaceFileSync(file, text),
};

describe.each(Object.entries(WRITERS))('%s', (_name, write) => {
  test('makes a file that only its owner may read, and replaces it', async () => {
    const file = path.join(tempDir(), "it's a file");
    await write(file, 'old');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await write(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(readdirSync(path.dirname(file))).toEqual(["it's a file"]);
  });

  test('puts another file into its place, so that who reads the old one reads it to its end', async () => {
    const file = path.join(tempDir(), 'f');
    await write(file, 'old');
    const before = statSync(file).ino;
    await write(file, 'new');
    expect(statSync(file).ino).not.toBe(before);
  });

  test('leaves nothing behind where it fails', async () => {
    const folder = tempDir();
    mkdirSync(path.join(folder, 'taken'));
    await expect(write(path.join(folder, 'taken'), 'text')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST|EPERM/);
    expect(readdirSync(folder)).toEqual(['taken']);
    await expect(write(path.join(folder, 'no', 'folder'), 'text')).rejects.toThrow('ENOENT');
  });

  test('writers at once leave the text of one of them, whole', async () => {
    const file = path.join(tempDir(), 'f');
    const texts = Array.from({ length: 8 }, (_, n) => String(n).repeat(50_000));
    await Promise.all(texts.map((text) => write(file, text)));
    expect(texts).toContain(readFileSync(file, 'utf8'));
    expect(readdirSync(path.dirname(file))).toEqual(['f']);
  });
});

test('a file for others too has the mode that was asked for, less what the umask takes', () => {
  const file = path.join(tempDir(), 'f');
  replaceFileSync(file, 'text', 0o666);
  expect(statSync(file).mode & 0o777).toBe(0o666 & ~process.umask());
});

describe('createFileOnce', () => {
  test('the first writer wins, and is told so', () => {
    const file = path.join(tempDir(), 'f');
    expect([createFileOnce(file, 'first'), createFileOnce(file, 'second')]).toEqual([true, false]);
    expect(readFileSync(file, 'utf8')).toBe('first');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(file))).toEqual(['f']);
  });

  test('a file that is there is not touched, not even an empty one that nobody may write', () => {
    const file = path.join(tempDir(), 'f');
    writeFileSync(file, '');
    chmodSync(file, 0o400);
    expect(createFileOnce(file, 'text')).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  test('what else goes wrong is thrown', () => {
    expect(() => createFileOnce(path.join(tempDir(), 'no', 'folder'), 'text')).toThrow('ENOENT');
  });
});

test('no two names beside a file are the same', () => {
  const names = new Set(Array.from({ length: 1000 }, () => uniqueBeside('/a/f')));
  expect(names.size).toBe(1000);
  for (const name of names) expect(name).toMatch(/^\/a\/f\.\d+-[0-9a-f]{12}\.tmp$/);
});
