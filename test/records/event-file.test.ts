import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/journal/index.js';
import { alignEvents, appendMissing, eventLines, readEvents, repairTornLine } from '../../src/records/event-file.js';
import { replaceFile } from '../../src/host/atomic-file.js';
import { tempDir } from '../support/plans.js';

let file: string;
beforeEach(() => {
  file = path.join(tempDir(), 'events.ndjson');
});

const at = '2026-01-01T00:00:00.000Z';
const started = (seq: number, step = `step ${seq} "ü"`): RunEvent => ({
  v: 1,
  seq,
  time: at,
  type: 'step-started',
  step,
});
const many = (count: number): RunEvent[] => Array.from({ length: count }, (_, i) => started(i + 1));

describe('a file of events', () => {
  test('wherever a writer was killed: after the repair each event is there once, and the next ones follow', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 12 }),
        fc.nat({ max: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (had, more, cut) => {
          const all = many(had + more);
          const bytes = Buffer.from(eventLines(all.slice(0, had)));
          writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length * cut)));
          await repairTornLine(file);
          const whole = await readEvents(file);
          expect(whole).toEqual(all.slice(0, whole.length));
          await appendMissing(file, all);
          expect(readFileSync(file, 'utf8')).toBe(eventLines(all));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a torn line longer than what is looked at in one go is cut off', async () => {
    writeFileSync(file, eventLines(many(1)));
    appendFileSync(file, `{"v":1,"seq":2,"type":"${'x'.repeat(300_000)}`);
    await repairTornLine(file);
    expect(readFileSync(file, 'utf8')).toBe(eventLines(many(1)));
    writeFileSync(file, 'y'.repeat(200_000));
    await repairTornLine(file);
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  test('what was told of a decision that never was is replaced', async () => {
    writeFileSync(file, eventLines([started(1), started(2, 'of a worker that was killed before its task was done')]));
    await alignEvents(file, many(3));
    expect(await readEvents(file)).toEqual(many(3));
  });

  test('a gap is refused rather than hidden', async () => {
    writeFileSync(file, eventLines(many(2)));
    await expect(appendMissing(file, [started(5)])).rejects.toThrow('is missing the events 3 to 4');
    expect(await readEvents(file)).toEqual(many(2));
  });

  test('a line that is no event ends what is read', async () => {
    writeFileSync(file, `${eventLines(many(1))}{"v":1,"seq":2}\n${eventLines([started(3)])}`);
    expect(await readEvents(file)).toEqual(many(1));
  });
});

describe('replacing a file', () => {
  test('leaves no temporary file behind, whether it works or not', async () => {
    await replaceFile(file, 'one');
    await Promise.all(Array.from({ length: 20 }, (_, i) => replaceFile(file, `text ${i}`)));
    expect(readFileSync(file, 'utf8')).toMatch(/^text \d+$/);
    expect(readdirSync(path.dirname(file))).toEqual(['events.ndjson']);
    const folder = path.dirname(file);
    await expect(replaceFile(folder, 'over a folder')).rejects.toThrow();
    expect(existsSync(folder)).toBe(true);
    expect(readdirSync(path.dirname(folder)).filter((name) => name.includes(path.basename(folder)))).toEqual([
      path.basename(folder),
    ]);
  });
});
