import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { showsLinks } from '../../src/cli/hyperlinks.js';
import { createStyles, paint } from '../../src/cli/terminal.js';

test.each<[Record<string, string>, boolean]>([
  [{ TERM: 'xterm-256color' }, false],
  [{ TERM: 'xterm-kitty' }, true],
  [{ TERM: 'xterm-kitty', TMUX: '/tmp/tmux' }, false],
  [{ TERM: 'xterm-kitty', CI: 'true' }, false],
  [{ VTE_VERSION: '7600' }, true],
  [{ VTE_VERSION: '5000' }, false],
  [{ TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.5.0' }, true],
  [{ TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '2.9.0' }, false],
  [{ WT_SESSION: 'x' }, true],
  [{ FORCE_HYPERLINK: '1', CI: 'true' }, true],
  [{ TERM: 'xterm-kitty', FORCE_HYPERLINK: '0' }, false],
])('links in a terminal with %j: %s', (env, shown) => {
  expect(showsLinks(env, true)).toBe(shown);
  expect(showsLinks(env, false)).toBe(false);
});

test('a link is the text alone to whoever counts columns, and none where links are not shown', () => {
  const { link, bold } = createStyles(true, true);
  const shown = paint(`${link('gate-1', 'http://127.0.0.1:8243/x')} ${bold('failed')}`);
  expect(shown).toBe('\u001B]8;;http://127.0.0.1:8243/x\u0007gate-1\u001B]8;;\u0007 \u001B[1mfailed\u001B[22m');
  expect(stripVTControlCharacters(shown)).toBe('gate-1 failed');
  expect(createStyles(true).link('gate-1', 'http://x')).toBe('gate-1');
  expect(link('gate-1', undefined)).toBe('gate-1');
});

test.each(['http://x/\u0007\u001B[2J', 'http://x/ y', 'http://x/\u009B'])(
  '%j is no address that a terminal gets',
  (address) => {
    expect(createStyles(true, true).link('gate-1', address)).toBe('gate-1');
  },
);

test("nobody else's text becomes a link", () => {
  expect(paint('\u001B]8;;http://evil\u0007text')).toBe('\\u001b]8;;http://evil\\u0007text');
});
