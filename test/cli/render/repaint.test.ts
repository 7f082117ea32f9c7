import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawnOver, repaint, type Drawn } from '../../../src/cli/render/repaint.js';

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

/** A terminal with a scrollback: lower, it keeps the cursor; higher, it may bring back what has left at the top. */
class Terminal {
  back: string[] = [];
  screen = ['$ orch run gate.yaml'];
  cursor = 1;
  constructor(
    private rows: number,
    private readonly bringsBack: boolean,
  ) {}

  resize(rows: number): void {
    for (; this.rows > rows; this.rows -= 1) {
      if (this.cursor < this.rows - 1) this.screen.splice(this.rows - 1);
      else this.scroll();
    }
    const more = this.bringsBack ? Math.min(rows - this.rows, this.back.length) : 0;
    this.screen.unshift(...this.back.splice(this.back.length - more));
    this.cursor += more;
    this.rows = rows;
  }

  write(codes: string): void {
    // oxlint-disable-next-line no-control-regex
    const up = /\u001B\[(\d+)A/.exec(codes);
    const { screen, cursor } = shown(codes, this.screen, Math.max(this.cursor, Number(up?.[1] ?? 0)));
    if (up !== null && Number(up[1]) > this.cursor) return this.write(codes.replace(up[0], `\u001B[${this.cursor}A`));
    this.screen = screen;
    this.cursor = cursor;
    while (this.cursor >= this.rows) this.scroll();
  }

  private scroll(): void {
    this.back.push(this.screen.shift() ?? '');
    this.cursor -= 1;
  }
}

test.each([
  ['brings back', true],
  ['keeps away', false],
])('on a terminal that changes its height, and %s what had left, the block is there once', (_, bringsBack) => {
  const rows = fc.integer({ min: 2, max: 12 });
  fc.assert(
    fc.property(rows, fc.array(fc.tuple(rows, fc.integer({ min: 1, max: 11 })), { maxLength: 8 }), (first, changes) => {
      const terminal = new Terminal(first, bringsBack);
      let before: Drawn | undefined;
      for (const [index, [height, wanted]] of [[first, 5] as const, ...changes].entries()) {
        terminal.resize(height);
        const lines = Array.from({ length: Math.min(wanted, height - 1) }, (__, i) => `${index}:${i}`);
        const next = { lines, columns: 80, rows: height };
        terminal.write(repaint(before, next));
        before = drawnOver(before, next);
        const visible = terminal.screen.filter((line) => line.includes(':'));
        expect(visible).toEqual(lines);
        expect([...terminal.back, ...terminal.screen]).toContain('$ orch run gate.yaml');
      }
    }),
  );
});
