import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkLayers } from '../../scripts/layers/check.mjs';
import { withLayers } from '../../scripts/layers/docs.mjs';
import type { Room } from '../../scripts/layers/rooms.mjs';
import { tempDir } from '../support/plans.js';

const room = (name: string, rooms: string[] = [], packages: string[] = []): Room => ({
  name,
  owns: `what ${name} owns`,
  rooms,
  packages,
});

function check(files: Record<string, string>, rooms: Room[]): string[] {
  const folder = tempDir();
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return checkLayers(folder, rooms);
}

test('imports downwards, within a room and of packages that are allowed are all right', () => {
  const files = {
    'low/a.ts': "import { z } from 'zod/v4';\nexport const a = z;",
    'low/inner/b.ts': "export * from '../a.js';",
    'top/c.ts': "import '../low/inner/b.js';\nimport '@temporalio/common/lib/failure';\nimport { join } from 'path';",
  };
  expect(check(files, [room('low', [], ['zod']), room('top', ['low'], ['@temporalio/common', 'node'])])).toEqual([]);
});

test.each([
  ['an import', "import { b } from '../b/b.js';"],
  ['an import of types', "import type { B } from '../b/b.js';"],
  ['an import for its effects', "import '../b/b.js';"],
  ['an export from another file', "export { b } from '../b/b.js';"],
  ['an export of types', "export type { B } from '../b/b.js';"],
  ['an export of all', "export * from '../b/b.js';"],
  ['an import when it is needed', "export const b = () => import('../b/b.js');"],
  ['a type that is named by its file', "export type B = import('../b/b.js').B;"],
  ['an import in the old way', "import b = require('../b/b.js');"],
])('%s counts', (_what, text) => {
  expect(check({ 'a/a.ts': text, 'b/b.ts': 'export {};' }, [room('b'), room('a')])).toEqual([
    'a/a.ts imports b/b.ts: a may not import b',
  ]);
});

test.each([
  ["import fs from 'node:fs';", 'node'],
  ["import type { Stats } from 'fs';", 'node'],
  ["export type T = import('node:fs').Stats;", 'node'],
  ["const yaml = require('yaml');", 'yaml'],
  ["import '@temporalio/client/lib/errors';", '@temporalio/client'],
])('%s is an import of a package', (text, name) => {
  expect(check({ 'a/a.ts': text }, [room('a')])).toEqual([`a/a.ts imports ${name}: a may not import ${name}`]);
});

test('what only shows when it runs may not be imported', () => {
  expect(() => check({ 'a/a.ts': 'export const load = (name: string) => import(name);' }, [room('a')])).toThrow(
    'a/a.ts: an import of what only shows when it runs',
  );
});

test('a table that allows an arrow upwards, or one that nobody needs, is refused', () => {
  const files = { 'a/a.ts': "import '../b/b.js';", 'b/b.ts': 'export {};' };
  expect(check(files, [room('a', ['b'], ['zod']), room('b', ['a'])])).toEqual([
    'a may import b, which does not stand before it',
    'a may import zod, and does not',
    'b may import a, and does not',
  ]);
});

test('what every room may import is in the table once, and may import nothing of them', () => {
  const files = { 'ground/x.ts': "import '../b/b.js';", 'a/a.ts': "import '../ground/x.js';", 'b/b.ts': '' };
  expect(check(files, [{ ...room('ground'), everywhere: true }, room('b'), room('a')])).toEqual([
    'ground/x.ts imports b/b.ts: ground may not import b',
  ]);
});

test('rooms of one folder stand together, so that folders have an order too', () => {
  const files = { 'a/one/x.ts': '', 'b/x.ts': '', 'a/two/x.ts': '' };
  expect(check(files, [room('a/one'), room('b'), room('a/two')])).toEqual(['a: its rooms do not stand together']);
});

test('a circle of files is found, of types too', () => {
  const files = {
    'a/one.ts': "import type { Two } from './two.js';\nexport interface One { two: Two }",
    'a/two.ts': "import './three.js';\nexport interface Two {}",
    'a/three.ts': "export type Three = import('./one.js').One;",
    'a/four.ts': "import './one.js';",
  };
  expect(check(files, [room('a')])).toEqual(['a circle: a/one.ts → a/two.ts → a/three.ts → a/one.ts']);
});

test('a file without a room and an import of nothing are told', () => {
  expect(check({ 'lost/x.ts': '', 'a/a.ts': "import './gone.js';" }, [room('a')])).toEqual([
    'lost/x.ts is in no room',
    'a/a.ts imports a/gone.ts, which is not there',
  ]);
});

const part = (name: string, text: string): string => `<!-- layers: ${name} -->\n${text}<!-- /layers -->\n`;
const rows = (...lines: string[]): string => `\n${lines.join('\n')}\n\n`;
const document = (texts: string[]): string =>
  `# Title\n${['rooms', 'folders', 'picture'].map((name, i) => part(name, texts[i]!)).join('\nwords\n')}`;

test('a document gets its tables and its picture, and keeps the rest', () => {
  const rooms = [
    room('low', [], ['node']),
    room('mid/one', ['low']),
    room('mid/two', ['mid/one', 'low'], ['zod']),
    room('mid', ['mid/two']),
    room('top', ['low', 'mid/one', 'mid/two', 'mid']),
  ];
  const made = document([
    rows(
      '| room | owns | may import |',
      '|---|---|---|',
      '| src/low | what low owns | `node` |',
      '| src/mid/one | what mid/one owns | low |',
      '| src/mid/two | what mid/two owns | mid/one, low, `zod` |',
      '| src/mid | what mid owns | mid/two |',
      '| src/top | what top owns | low, mid, mid/{one, two} |',
    ),
    rows(
      '| folder | owns | may import |',
      '|---|---|---|',
      '| src/low | what low owns | `node` |',
      '| src/mid | what mid owns | low, `zod` |',
      '| src/top | what top owns | low, mid |',
    ),
    rows('```mermaid', 'flowchart TD', '  top --> mid', '  mid --> low', '  low', '```'),
  ]);
  expect(withLayers(document(['', 'old\n', '']), rooms)).toBe(made);
  expect(withLayers(made, rooms)).toBe(made);
});
