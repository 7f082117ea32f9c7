import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupForDisplay } from '../../../src/plan/graph/display-order.js';

test('groups stand in the order in which they are named, after what has none; lighter steps come first', () => {
  const steps = [
    { id: 'a', group: 'Tests', weight: 2 },
    { id: 'b' },
    { id: 'c', group: 'Release' },
    { id: 'd', group: 'Tests', weight: 1 },
    { id: 'e', weight: -1 },
  ];
  expect(groupForDisplay(steps).map(({ group, items }) => [group, items.map(({ id }) => id)])).toEqual([
    [undefined, ['e', 'b']],
    ['Tests', ['d', 'a']],
    ['Release', ['c']],
  ]);
});

test('every step is shown once, whatever the hints', () => {
  const hint = fc.record(
    { group: fc.constantFrom('', 'x', '__proto__', 'constructor'), weight: fc.double({ noNaN: true }) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(hint), (steps) => {
      const shown = groupForDisplay(steps).flatMap(({ items }) => items);
      expect(new Set(shown).size).toBe(steps.length);
      expect(shown).toHaveLength(steps.length);
    }),
  );
});
