import { expect, test } from 'vitest';
import { sourceSteps } from '../../../src/plan/document/source-steps.js';

test('a document is read once for all the rules of a check, and anew where somebody has changed it', () => {
  const source = { steps: [{ id: 'a' }, 'no step'] as unknown[], finally: [{ id: 'f' }] };
  const entries = sourceSteps(source);
  expect(entries).toEqual([
    { step: { id: 'a' }, path: ['steps', 0], finally: false },
    { path: ['steps', 1], finally: false },
    { step: { id: 'f' }, path: ['finally', 0], finally: true },
  ]);
  expect(sourceSteps({ steps: source.steps })).toBe(sourceSteps({ steps: source.steps }));

  source.steps[1] = { id: 'b' };
  source.steps.push({ id: 'c' });
  expect(sourceSteps(source).map(({ step }) => step?.['id'])).toEqual(['a', 'b', 'c', 'f']);
});

test('a list that is both, by an alias, is read as what it is asked for as', () => {
  const list = [{ id: 'a' }];
  expect(sourceSteps({ steps: list, finally: list }).map(({ finally: last }) => last)).toEqual([false, true]);
});
