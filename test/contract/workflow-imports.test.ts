import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const src = new URL('../../src/', import.meta.url).pathname;

/** The files that a file of src needs when it runs: types are gone by then. */
function needed(file: string): string[] {
  const text = readFileSync(path.join(src, file), 'utf8');
  const named = [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from '(\.[^']+)';/gms)].map((match) => match[1]!);
  return named.map((name) => path.join(path.dirname(file), name.replace(/\.js$/, '.ts')));
}

test('no workflow needs the schemas of a step’s end or of events when it runs, only their types', () => {
  const reached = new Set(['workflows/index.ts', 'workflows/interceptors.ts']);
  for (const file of reached) for (const each of needed(file)) reached.add(each);
  expect(reached).toContain('contract/step-facts.ts');
  expect([...reached].filter((file) => /^contract\/(?:step-result|events)\.ts$/.test(file))).toEqual([]);
});
