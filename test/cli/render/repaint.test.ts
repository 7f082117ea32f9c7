import fc from 'fast-check';
import { expect, test } from 'vitest';
import { repaint, type Drawn } from '../../../src/cli/render/repaint.js';

/** What a terminal shows that is given these codes: it knows what `repaint` writes, and wraps nothing. */
function shown(codes: string, screen: string[] = [], cursor = 0): { screen: string[]; cursor: number } {
  const lines = [...screen];
  let at = cursor;
  let text = codes.replaceAll('\u001B', '~').replaceAll(/~\[\?2026[hl]/g, '');
  while (text !== '') {
    const up = /^~\[G(?:~\[(\d+)A)?/.exec(text);
    const erase = /^~\[([JK])/.exec(text);
    const word = /^[^\r\n~]+/.exec(text);
    if (up) at -= Number(up[1] ?? 0);
    else if (erase?.[1] === 'J') lines.splice(at);
    else if (erase) lines[at] ??= '';
    else if (word) lines[at] = word[0];
    else if (text.startsWith('\n')) {
      lines[at] ??= '';
      at += 1;
    }
    text = text.slice((up ?? erase ?? word ?? ['x'])[0].length);
  }
  return { screen: lines, cursor: at };
}

const frames = fc.array(fc.array(fc.constantFrom('a', 'b', 'sum', 'longer line'), { maxLength: 6 }), { maxLength: 6 });

test('whatever frames follow each other, the terminal shows the last one', () => {
  fc.assert(
    fc.property(frames, (all) => {
      let before: Drawn | undefined;
      let terminal = { screen: ['above'], cursor: 1 };
      for (const lines of all) {
        const next = { lines, columns: 80 };
        terminal = shown(repaint(before, next), terminal.screen, terminal.cursor);
        before = next;
      }
      expect(terminal.screen).toEqual(['above', ...(all.at(-1) ?? [])]);
    }),
  );
});

test('lines that stay are not written again, and the same frame writes nothing', () => {
  const first = { lines: ['a', 'b', 'c'], columns: 80 };
  expect(repaint(first, { lines: ['a', 'b', 'c'], columns: 80 })).toBe('');
  expect(repaint(first, { lines: ['a', 'x', 'c'], columns: 80 })).toBe(
    '\u001B[?2026h\u001B[G\u001B[3A\nx\u001B[K\n\n\u001B[J\u001B[?2026l',
  );
});

test('on a terminal that became narrower, what it wrapped is removed too', () => {
  const codes = repaint({ lines: ['\u001B[1m1234567890\u001B[22m', 'b'], columns: 80 }, { lines: ['c'], columns: 4 });
  expect(codes).toContain('\u001B[G\u001B[4A');
});
