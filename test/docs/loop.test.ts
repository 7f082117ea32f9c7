import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KNOBS } from '../../src/loop/index.js';
import { OLD_FLAGS } from '../../src/cli/loop/old-flags.js';
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

test('docs/loop.md has the table of old flags, each with what it is now', () => {
  const rows = [...page.matchAll(/^\| `(--[a-z-]+)` \| (.*) \|$/gm)].map(([, flag, now]) => [flag, plain(now!)]);
  expect(rows).toEqual(Object.entries(OLD_FLAGS).map(([flag, now]) => [flag, plain(now)]));
});

test('docs/loop.md has the table of variables, each with what it sets', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|$/gm)].map(([, name, variables]) => [
    name,
    variables!.replaceAll('`', '').split(', '),
  ]);
  const wanted = Object.entries(KNOBS).flatMap(([name, { env }]) => (env.length === 0 ? [] : [[name, [...env]]]));
  expect(rows).toEqual(wanted);
});

test('what an old flag is now exists: an option of `orch loop`, or a setting', () => {
  const options = read('src/cli/register-loop.ts');
  for (const [flag, now] of Object.entries(OLD_FLAGS)) {
    for (const [, setting] of now.matchAll(/--set (\w+)=/g))
      expect([flag, Object.keys(KNOBS)]).toEqual([flag, expect.arrayContaining([setting])]);
    for (const [option] of now.matchAll(/--(?!set\b)[a-z][a-z-]+/g))
      expect([flag, options]).toEqual([flag, expect.stringContaining(option)]);
  }
});

function plain(words: string): string {
  return words.replace(/^(?:nothing: |– )/, '').replaceAll('`', '');
}
