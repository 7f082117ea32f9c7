import { describe, expect, test } from 'vitest';
import { addedLines, cutDiff } from '../../src/agents/cut-diff.js';

const change = (name: string, added: number, removed = 0): string =>
  [
    `diff --git a/${name} b/${name}`,
    `--- a/${name}`,
    `+++ b/${name}`,
    '@@ -1 +1 @@',
    ...Array.from({ length: removed }, (_, line) => `-old ${line}`),
    ...Array.from({ length: added }, (_, line) => `+new ${line}`),
  ].join('\n');

describe('a change that a reviewer is shown', () => {
  test('begins with the list of its files', () => {
    expect(cutDiff(`${change('a.ts', 1, 1)}\n${change('b c.ts', 2)}\n`, 600)).toEqual({
      cut: 0,
      diff: `# a.ts (+1 -1)\n# b c.ts (+2 -0)\n\n${change('a.ts', 1, 1)}\n${change('b c.ts', 2)}`,
    });
  });

  test('is cut in its long files, so that none hides behind another', () => {
    const { diff, cut } = cutDiff([change('lock', 1000), change('a.ts', 2), change('z.ts', 3)].join('\n'), 40);
    expect(cut).toBe(1004 - 27);
    expect(diff).toContain('# lock (+1000 -0)\n# a.ts (+2 -0)\n# z.ts (+3 -0)');
    expect(diff).toContain(change('a.ts', 2));
    expect(diff).toContain(change('z.ts', 3));
    expect(diff).toContain('+new 22\n# 977 more lines of lock\ndiff --git a/a.ts');
  });

  test('of nothing is nothing', () => {
    expect(cutDiff('', 10)).toEqual({ diff: '', cut: 0 });
  });

  test('has added lines, by their files', () => {
    expect(addedLines(change('a.ts', 1, 3))).toEqual([{ file: 'a.ts', line: 'new 0' }]);
  });
});
