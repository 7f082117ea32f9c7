import { describe, expect, test } from 'vitest';
import { matchesGlob } from '../../src/loop/globs.js';
import { readIgnored, sortDirty } from '../../src/loop/publish-rules.js';
import { configOf } from './sample.js';

const rules = configOf('git: {enabled: true}\nstate_file: sync/state.json\n').git!.rules;
const sort = (path: string, bytes = 10, tracked = false, ignored: string[] = []): string => {
  const { commit, left } = sortDirty([{ path, bytes, tracked }], rules, ignored);
  return commit[0]?.as ?? left[0]!.why;
};

describe('what is committed after a turn', () => {
  test.each<[path: string, tracked: boolean, expected: string]>([
    ['docs/fix_plan.md', true, 'docs'],
    ['plans/active/a.md', false, 'docs'],
    ['input.md', true, 'docs'],
    ['sync/state.json', true, 'docs'],
    ['plans/x/reports/plot.png', false, 'reports'],
    ['reports/run.LOG', false, 'reports'],
    ['tests/fixtures/a/b.npy', true, 'outputs'],
    ['tests/fixtures/a/b.npy', false, 'no rule covers it'],
    ['src/main.py', true, 'no rule covers it'],
    ['src/main.py', false, 'no rule covers it'],
    ['reports/helper.py', false, 'no rule covers it'],
    ['src/notes.md', false, 'no rule covers it'],
    ['data.json', false, 'no rule covers it'],
    ['logs/reports/x.log', false, 'no rule covers it'],
    ['tmp/reports/x.md', false, 'no rule covers it'],
    ['reports/.md', false, 'no rule covers it'],
  ])('%s (tracked: %s): %s', (path, tracked, expected) => expect(sort(path, 10, tracked)).toBe(expected));

  test('sources do not slip through where reports may have any extension: the path counts, too', () => {
    const loose = configOf('git: {enabled: true}\nreport_extensions: [.py, .c, .h, .sh, .txt]\n').git!.rules;
    const files = ['src/a.py', 'a.sh', 'lib/x.h'].map((path) => ({ path, bytes: 1, tracked: true }));
    expect(sortDirty(files, loose).commit).toEqual([]);
  });

  test('sizes are capped, of one file and of all', () => {
    expect(sort('docs/fix_plan.md', 1024 * 1024 + 1)).toBe('it is 1048577 bytes; a document may have at most 1048576');
    expect(sort('reports/a.png', 6 * 1024 * 1024)).toBe('it is 6291456 bytes; a report may have at most 5242880');
    const many = ['a', 'b', 'c', 'd', 'e'].map((name) => ({
      path: `reports/${name}.png`,
      bytes: 5_000_000,
      tracked: false,
    }));
    const { commit, left } = sortDirty(many, rules);
    expect([commit.length, left.map(({ path }) => path)]).toEqual([4, ['reports/e.png']]);
  });

  test('.reportsignore leaves reports out', () => {
    const ignored = readIgnored('# big ones\n*.png\n\n/reports/raw/\n');
    expect(sort('plans/reports/x.png', 1, false, ignored)).toBe('.reportsignore excludes it');
    expect(sort('reports/raw/a.md', 1, false, ignored)).toBe('.reportsignore excludes it');
    expect(sort('reports/a.md', 1, false, ignored)).toBe('reports');
  });
});

test.each<[path: string, glob: string, expected: boolean]>([
  ['a/b/c.md', '**/*.md', true],
  ['c.md', '**/*.md', true],
  ['a/c.md', '*.md', false],
  ['a/b.md', 'a/?.md', true],
  ['a/b/c', 'a/', true],
  ['ab', 'a', false],
  ['a.b', 'a?b', true],
  ['a+b(c)[d]{e}^$|.md', 'a+b(c)[d]{e}^$|.md', true],
  ['axb', 'a.b', false],
  ['reports/x', '**/reports/**', true],
  ['myreports/x', '**/reports/**', false],
  ['a\nb', 'a*b', true],
])('%j matches %j: %s', (path, glob, expected) => expect(matchesGlob(path, glob)).toBe(expected));
