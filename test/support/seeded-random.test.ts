import { expect, test, vi } from 'vitest';
import { seededRandom } from './seeded-random.js';

function numbers(): number[] {
  const random = seededRandom('this test');
  return Array.from({ length: 100 }, random);
}

test('a seed decides what comes', () => {
  vi.stubEnv('ORCH_TEST_SEED', '42');
  const first = numbers();
  expect(numbers()).toEqual(first);
  expect(first.every((each) => each >= 0 && each < 1)).toBe(true);
  vi.stubEnv('ORCH_TEST_SEED', '43');
  expect(numbers()).not.toEqual(first);
  vi.unstubAllEnvs();
});
