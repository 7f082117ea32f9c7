import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { growingFile, type GrowingFile } from '../../src/host/growing-file.js';
import { tempDir } from '../support/plans.js';

async function textOf(pieces: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece.toString();
  return text;
}

describe.each(['news', 'newsSync'] as const)('%s', (way) => {
  const news = (file: GrowingFile): Promise<string> => textOf(file[way]());

  test('gives what has come since the last call, and nothing twice', async () => {
    const file = path.join(tempDir(), 'f');
    const grows = growingFile(file);
    expect(await news(grows)).toBe('');
    writeFileSync(file, 'one');
    expect(await news(grows)).toBe('one');
    expect(await news(grows)).toBe('');
    appendFileSync(file, ' two');
    expect(await news(grows)).toBe(' two');
  });

  test('reads a large file in pieces of bounded size', async () => {
    const file = path.join(tempDir(), 'f');
    const text = '0123456789'.repeat(20_000);
    writeFileSync(file, text);
    const sizes: number[] = [];
    let all = '';
    for await (const piece of growingFile(file)[way]()) {
      sizes.push(piece.length);
      all += piece.toString();
    }
    expect(all).toBe(text);
    expect(Math.max(...sizes)).toBe(64 * 1024);
  });

  test('goes on behind the piece at which its reader stopped', async () => {
    const file = path.join(tempDir(), 'f');
    writeFileSync(file, `${'a'.repeat(64 * 1024)}rest`);
    const grows = growingFile(file);
    for await (const piece of grows[way]()) {
      expect(piece.length).toBe(64 * 1024);
      break;
    }
    expect(await news(grows)).toBe('rest');
  });

  test('throws where there is something that is no file', async () => {
    const folder = path.join(tempDir(), 'f');
    mkdirSync(folder);
    await expect(news(growingFile(folder))).rejects.toThrow('EISDIR');
  });
});

test('who cannot fail hears why a file cannot be opened', () => {
  const errors: unknown[] = [];
  const gone = growingFile(path.join(tempDir(), 'gone'));
  const pieces = gone.newsSync((error) => {
    errors.push(error);
  });
  expect([...pieces]).toEqual([]);
  expect(errors).toEqual([expect.objectContaining({ code: 'ENOENT' })]);
});
