import { describe, expect, test } from 'vitest';
import { leftOut, type Selection } from '../../../src/plan/graph/selection.js';
import { loadPlanText } from '../../../src/plan/index.js';

const loaded = loadPlanText(`plan_id: p
steps:
  - {id: a, command: x, tags: ["phase:1"]}
  - {id: b, command: x, tags: ["phase:2", docs], depends_on: [a]}
  - {id: c, command: x, tags: ["phase:2"], depends_on: [a]}
  - {id: d, command: x, tags: ["phase:3"], depends_on: [b, c]}
  - {id: docs, command: x}
`);
if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
const { plan, graph } = loaded.value;

/** The steps that a selection takes, or what is wrong with it. */
function taken(selection: Selection): string {
  const out = leftOut(plan, graph, selection);
  if (!out.ok) return out.error.map(({ message, hint }) => `${message} (${hint ?? ''})`).join('\n');
  return graph.ids.filter((_, index) => !out.value.has(index)).join(' ');
}

describe('a tag with a colon stands for the steps that have it', () => {
  test.each<[Selection, string]>([
    [{ only: ['phase:2'] }, 'b c'],
    [{ from: ['phase:2'] }, 'b c d'],
    [{ to: ['phase:2'] }, 'a b c'],
    [{ from: ['phase:2'], to: ['phase:2'] }, 'b c'],
    [{ skip: ['phase:2', 'docs'] }, 'a d'],
    [{ only: ['docs', 'phase:1'] }, 'a docs'],
  ])('%j: %s', (selection, steps) => {
    expect(taken(selection)).toBe(steps);
  });

  test('and one that no step has is told', () => {
    expect(taken({ only: ['phase:4'] })).toBe(
      "--only phase:4: the plan has no tag 'phase:4' (did you mean 'phase:1'?)",
    );
    expect(taken({ only: ['doc'] })).toBe("--only doc: the plan has no step 'doc' (did you mean 'docs'?)");
  });
});
