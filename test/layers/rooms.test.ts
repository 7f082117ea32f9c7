import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkLayers } from '../../scripts/layers/check.mjs';
import { DOCUMENTS, withLayers } from '../../scripts/layers/docs.mjs';
import { ROOMS } from '../../scripts/layers/rooms.mjs';

const root = new URL('../../', import.meta.url);

test('src imports what the table of rooms allows, and the table allows nothing else', () => {
  expect(checkLayers(new URL('src', root).pathname, ROOMS)).toEqual([]);
});

test('no room that workflow code reaches imports Node, or a package that could do more than compute', () => {
  const reached = new Set(['workflows']);
  // What a room imports stands before it.
  for (const { name, rooms } of ROOMS.toReversed()) if (reached.has(name)) for (const each of rooms) reached.add(each);
  const packages = ROOMS.filter(({ name }) => reached.has(name)).flatMap((room) => room.packages);
  expect([...new Set(packages)].toSorted()).toEqual([
    '@marcbachmann/cel-js',
    '@temporalio/common',
    '@temporalio/proto',
    '@temporalio/workflow',
    'yaml',
    'zod',
  ]);
});

test('client and worker import nothing of each other', () => {
  const reach = new Map<string, Set<string>>();
  for (const { name, rooms } of ROOMS)
    reach.set(name, new Set([name, ...rooms.flatMap((each) => [...(reach.get(each) ?? [])])]));
  expect([...reach.get('client')!]).not.toContain('worker');
  expect([...reach.get('worker')!]).not.toContain('client');
});

test.each(DOCUMENTS)('%s shows the rooms as they are (npm run schemas)', (document) => {
  const text = readFileSync(new URL(document, root), 'utf8');
  expect(text).toContain('<!-- layers: ');
  expect(text).toBe(withLayers(text, ROOMS));
});
