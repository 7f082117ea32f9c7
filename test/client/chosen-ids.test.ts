import { expect, test } from 'vitest';
import { checkChosenId } from '../../src/client/reserved-ids.js';

test.each(['a', 'release-1.2', '_x', '9', 'team/build:7', 'größe', 'x'.repeat(200)])('%j may be an id', (id) => {
  expect(() => checkChosenId(id)).not.toThrow();
});

test.each(['', ' ', 'a b', 'a\n', '\n', '-x', '.', '..', '.hidden', '/etc', 'a\u0000', 'a\u202eb', 'x'.repeat(300)])(
  '%j may not, and the rule is told',
  (id) => {
    expect(() => checkChosenId(id)).toThrow(
      expect.objectContaining({
        code: 'invalid_run_id',
        hint: 'an id begins with a letter, a digit or _, has at most 200 characters, and no blanks or control characters',
      }),
    );
  },
);

test("orch's own are told as such", () => {
  expect(() => checkChosenId('orch-lock:x')).toThrow(expect.objectContaining({ code: 'reserved_id' }));
});
