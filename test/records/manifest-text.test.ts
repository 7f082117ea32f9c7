import { expect, test } from 'vitest';
import { createFold, type RunEvent } from '../../src/journal/index.js';
import { ManifestText } from '../../src/records/manifest-text.js';
import { jsonText } from '../../src/records/write-record.js';
import { runAbout } from '../support/run-about.js';

const time = '2026-01-01T00:00:00.000Z';

function aboutSteps(count: number) {
  const steps = Array.from({ length: count }, (_, i) => ({
    id: `s${i}`,
    name: `"steps": [] ${i}\n  "steps": []`,
    kind: 'command' as const,
    depends_on: i === 0 ? [] : [`s${i - 1}`],
    fallback_of: null,
    finally: false,
    foreach: i % 3 === 0,
  }));
  return runAbout({ steps, metadata: { steps: [], deep: { steps: [] } } });
}

const textOf = (text: ManifestText): string => [...text.now().pieces].join('');

test.each([0, 1, 2, 500])('a manifest of %i steps is the same text in pieces', (count) => {
  const fold = createFold(aboutSteps(count));
  const text = new ManifestText(fold);
  expect(textOf(text)).toBe(jsonText(fold.manifest));
  const now = text.now();
  expect([...now.pieces].join('').length - now.characters).toBeLessThanOrEqual(count + 2);
});

test('after each event it says what has changed, and what was taken before stays as it was', () => {
  const fold = createFold(aboutSteps(5));
  const text = new ManifestText(fold);
  const step = 's3';
  const events: RunEvent[] = [
    { v: 1, seq: 1, time, type: 'run-started' },
    { v: 1, seq: 2, time, type: 'step-started', step, instance: 0, item: 'x' },
    { v: 1, seq: 3, time, type: 'step-warned', step, message: 'slow' },
    { v: 1, seq: 4, time, type: 'step-succeeded', step, instance: 0, status: 'success' },
    { v: 1, seq: 5, time, type: 'step-started', step: 's0' },
    { v: 1, seq: 6, time, type: 'step-started', step: 'unknown' },
    // It closes the steps that have no end, too.
    { v: 1, seq: 7, time, type: 'run-finished', status: 'terminated' },
  ];
  for (const event of events) {
    const before = text.now();
    const was = jsonText(fold.manifest);
    fold.apply(event);
    expect([...before.pieces].join('')).toBe(was);
    expect(textOf(text)).toBe(jsonText(fold.manifest));
  }
});
