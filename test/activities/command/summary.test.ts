import { expect, test } from 'vitest';
import { summarise } from '../../../src/activities/command/summary.js';

const facts = (more: Record<string, unknown>) => ({
  attempts: 1,
  started_at: 0,
  duration_sec: 0,
  stdout_tail: '',
  stderr_tail: '',
  log_dir: '',
  ...more,
});

test.each([
  ['the hint stands instead of all else', 'kept in out/', { signal: 'SIGTERM', exit_code: 128 }, false, 'kept in out/'],
  [
    'a signal is told before the output',
    true,
    { signal: 'SIGTERM', stderr_tail: 'x' },
    false,
    'Terminated with signal SIGTERM',
  ],
  [
    'a failure is told with stderr',
    true,
    { exit_code: 3, stderr_tail: 'no\n such\tfile\n' },
    false,
    'Exited with code 3 — no such file',
  ],
  ['a failure without stderr has its code', true, { exit_code: 3, stdout_tail: 'out' }, false, 'Exited with code 3'],
  ['a success is told by stdout', true, { exit_code: 0, stdout_tail: '3 files\n', stderr_tail: 'w' }, true, '3 files'],
  ['then by stderr', true, { exit_code: 0, stderr_tail: 'w\n' }, true, 'w'],
  ['else by its code', true, { exit_code: 0 }, true, 'Command completed with code 0'],
  ['nothing is told of a step that wants nothing', undefined, { exit_code: 0, stdout_tail: 'x' }, true, undefined],
] as const)('%s', (_title, summary, more, passed, expected) => {
  expect(summarise(summary === undefined ? {} : { summary }, facts(more), passed)).toBe(expected);
});

test.each([
  ['of a success', facts({ stdout_tail: `a${'x'.repeat(500)}z` }), true, /^….*z$/],
  ['of a failure', facts({ exit_code: 2, stderr_tail: `a${'x'.repeat(500)}z` }), false, /^Exited with code 2 — ….*z$/],
])('the summary %s has at most 240 characters, and keeps the end of the output', (_what, ended, passed, form) => {
  const summary = summarise({ summary: true }, ended, passed)!;
  expect(summary).toMatch(form);
  expect(summary).toHaveLength(240);
});

test('a hint is cut at 240 characters', () => {
  expect(summarise({ summary: 'x'.repeat(241) }, facts({}), true)).toHaveLength(240);
});
