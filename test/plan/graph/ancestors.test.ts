import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findAncestors } from '../../../src/plan/graph/ancestors.js';

/** Edges that lead backwards, so that there are no cycles. */
const graphs = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 40 })
  .map((edges) =>
    edges.map((targets, step) => (step === 0 ? [] : [...new Set(targets.map((target) => target % step))])),
  );

test('ancestors are those that a walk backwards meets', () => {
  fc.assert(
    fc.property(graphs, (before) => {
      const walked = before.map(() => new Set<number>());
      for (const [step, targets] of before.entries()) {
        for (const target of targets) for (const each of [target, ...walked[target]!]) walked[step]!.add(each);
      }
      const questions = before.flatMap((_, step) => before.map((__, target) => ({ step, target })));
      const isAncestor = findAncestors(before, questions);
      for (const { step, target } of questions) expect(isAncestor(step, target)).toBe(walked[step]!.has(target));
    }),
  );
});

test('more targets than fit into one walk are all answered', () => {
  const before = Array.from({ length: 3000 }, (_, step) => (step === 0 ? [] : [step - 1]));
  const isAncestor = findAncestors(
    before,
    before.map((_, target) => ({ step: 2999, target })).concat(before.map((_, step) => ({ step, target: 2999 }))),
  );
  for (let step = 0; step < 2999; step += 1) {
    expect(isAncestor(2999, step)).toBe(true);
    expect(isAncestor(step, 2999)).toBe(false);
  }
});
