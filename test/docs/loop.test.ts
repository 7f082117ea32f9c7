import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KNOBS } from '../../src/loop/index.js';
import { configSchema } from '../../src/loop/config-schema.js';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const page = read('docs/loop.md');

test('docs/loop.md names every code that a loop may stop with, every variable and every key', () => {
  const folder = 'src/activities/loop';
  const sources = readdirSync(new URL(`../../${folder}`, import.meta.url)).map((name) => read(`${folder}/${name}`));
  const refused = sources.flatMap((text) =>
    [...text.matchAll(/new TurnRefused\(\s*'(\w+)'/g)].map((match) => match[1]!),
  );
  const router = [...read('src/loop/router.ts').matchAll(/'(router_(?:output|not|wrong)\w+)'/g)].map(
    (match) => match[1]!,
  );
  expect(refused.length).toBeGreaterThan(10);
  const variables = Object.values(KNOBS).flatMap(({ env }) => env);
  const wanted = [...refused, ...router, ...variables, ...Object.keys(configSchema.shape)];
  expect([...new Set(wanted)].filter((name) => !page.includes(`\`${name}`))).toEqual([]);
});
