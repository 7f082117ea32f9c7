import { describe, expect, test } from 'vitest';
import { loadPlanText } from '../../src/plan/index.js';

interface Shape {
  name: string;
  kind: string;
  runs: number;
  steps: number;
  concurrency: number;
}
const { LARGE, layeredParents, parseShape, planOf, USUAL } = (await import('../../bench/shapes.mjs')) as {
  LARGE: string[];
  USUAL: string[];
  layeredParents: (i: number, width: number) => number[];
  parseShape: (name: string) => Shape;
  planOf: (shape: Shape) => object;
};

test('the name of a shape says what it is, how large, and how much of it runs at once', () => {
  expect(parseShape('fan-1000@8')).toEqual({ name: 'fan-1000@8', kind: 'fan', runs: 1, steps: 1000, concurrency: 8 });
  expect(parseShape('chain-100').concurrency).toBe(100);
  expect(parseShape('runs-50')).toMatchObject({ runs: 50, steps: 20 });
});

test.each(['fan', 'fan-0', 'fan-8@0', 'tree-100', 'chain-100 '])('%o is not a shape', (name) => {
  expect(() => parseShape(name)).toThrow(/is not a shape; write KIND-SIZE/);
});

test('a step of a layer waits for the one above it and for that one’s neighbor, which may be the first', () => {
  expect([0, 2, 3, 4, 5].map((i) => layeredParents(i, 3))).toEqual([[], [], [0, 1], [1, 2], [2, 0]]);
});

describe('every shape', () => {
  test.each([...USUAL, ...LARGE.map((name) => name.replace('10000', '1000')), 'layered-120'])(
    '%s is a plan',
    (name) => {
      const loaded = loadPlanText(JSON.stringify(planOf(parseShape(name))), { file: 'plan.json' });
      expect(loaded).toMatchObject({ ok: true });
    },
  );
});
