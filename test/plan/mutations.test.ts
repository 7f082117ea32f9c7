import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import fc from 'fast-check';
import { parse } from 'yaml';
import { checkPlanSet, DIAGNOSTIC_CODES, loadPlanText, planJsonSchema, type Json } from '../../src/plan/index.js';
import { EVERY_KEY } from './every-key.js';
import { propertyRuns } from '../support/property-runs.js';

const example = (file: string) => readFileSync(new URL(`../../examples/${file}`, import.meta.url), 'utf8');

const PLANS = [
  EVERY_KEY,
  example('quickstart.yaml'),
  example('test-gate.yaml'),
  example('safe-merge/safe-merge.yaml'),
  example('docs-restore/docs-restore.yaml'),
  example('release/release.yaml'),
];
const SOURCES = PLANS.map((text) => parse(text) as Json);
/** What is put where something else stands: of every type, with traps of JavaScript, YAML, paths and templates. */
const VALUES: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1e308,
  '',
  ' ',
  'a',
  'fetch',
  'none',
  '1',
  '\u0000',
  '__proto__',
  'constructor',
  '${',
  '${{',
  '${{ }}',
  '${{ prev.fetch.status }}',
  '${A:-${B}}',
  '$$',
  "prev.x.status == 'a'",
  '((((',
  "'",
  '2030-13-99T99:99:99Z',
  '999-000',
  'http://',
  '\u202E',
  '\uD800',
  'x'.repeat(300),
  '['.repeat(9000),
  [],
  {},
  [null],
  ['fetch'],
  ['fetch', 'fetch'],
  [[]],
  { type: 'noop' },
  { type: 'http' },
  { a: { b: [1] } },
];
const KEYS = ['id', 'condition', 'finally', 'step_def', 'type', 'fallback_step', 'depends_on', 'x-y', '__proto__', '0'];

interface Change {
  at: number;
  kind: 'replace' | 'remove' | 'repeat' | 'add' | 'copy';
  value: Json;
  key: string;
}

const changes = fc.array(
  fc.record<Change>({
    at: fc.nat(),
    kind: fc.constantFrom('replace', 'remove', 'repeat', 'add', 'copy'),
    value: fc.oneof(fc.constantFrom(...VALUES), fc.jsonValue() as fc.Arbitrary<Json>),
    key: fc.oneof(fc.constantFrom(...KEYS), fc.string()),
  }),
  { minLength: 1, maxLength: 4 },
);

type Container = Json[] | Record<string, Json>;

/** Every list and map of a document, with each of its entries. */
function places(value: Json, found: { container: Container; key: string }[] = []): typeof found {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    found.push({ container: value as Container, key });
    places(inner, found);
  }
  return found;
}

function damage(source: Json, list: readonly Change[]): Json {
  const copy = structuredClone(source);
  for (const { at, kind, value, key } of list) {
    const all = places(copy);
    const place = all[at % Math.max(all.length, 1)];
    if (place === undefined) return value;
    const { container } = place;
    const entries = container as Record<string, Json>;
    if (kind === 'replace') entries[place.key] = structuredClone(value);
    else if (kind === 'copy') entries[place.key] = structuredClone(entries[all[(at * 31) % all.length]!.key] ?? value);
    else if (Array.isArray(container)) {
      if (kind === 'remove') container.splice(Number(place.key), 1);
      else container.push(structuredClone(kind === 'repeat' ? container[Number(place.key)]! : value));
    } else if (kind === 'remove') delete container[place.key];
    else Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

/** The same changes of several documents: a value that is put in may be changed next, so each gets its own. */
function damageAgain(source: Json, list: readonly Change[]): Json {
  return damage(source, structuredClone(list));
}

/** Loads it, and looks at what is said of it. */
function expectAnswer(text: string): void {
  const started = performance.now();
  const loaded = loadPlanText(text);
  expect(performance.now() - started).toBeLessThan(30_000);
  const found = loaded.ok ? loaded.value.diagnostics : loaded.error;
  if (!loaded.ok) expect(found.some((each) => each.severity === 'error')).toBe(true);
  for (const { code, line, column } of found) {
    expect(DIAGNOSTIC_CODES).toContain(code);
    expect(line).toBeGreaterThan(0);
    expect(column).toBeGreaterThan(0);
  }
}

test('the plan with every key has every key of the schema that is not refused', () => {
  const { properties, $defs } = planJsonSchema() as {
    properties: Record<string, unknown> & { globals: { anyOf: [{ properties: object }] } };
    $defs: { step: { properties: object } };
  };
  const keys = [
    ...Object.keys(properties),
    ...Object.keys(properties.globals.anyOf[0].properties),
    ...Object.keys($defs.step.properties),
  ];
  const refused = new Set('agents budget secrets foreach max_parallel run_once max_output_bytes'.split(' '));
  const missing = keys.filter((key) => !refused.has(key) && !new RegExp(`\\b${key}:`).test(EVERY_KEY));
  expect(missing).toEqual([]);
  expect(PLANS.map((text) => loadPlanText(text, { strict: true }).ok)).toEqual(PLANS.map(() => true));
});

test('plans whose values were changed at random are loaded, or refused with a code and a place', () => {
  fc.assert(
    fc.property(fc.constantFrom(...SOURCES), changes, (source, list) =>
      expectAnswer(JSON.stringify(damage(source, list))),
    ),
    { numRuns: propertyRuns(250) },
  );
});

test('plans whose text was changed at random are loaded, or refused with a code and a place', () => {
  const edits = fc.array(
    fc.record({
      at: fc.nat(),
      length: fc.nat(12),
      text: fc.oneof(fc.string(), fc.constantFrom('{', '}', '\n', ': ', '- ', '"', '&a', '*a', '<<: ')),
    }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...PLANS, ...SOURCES.map((source) => JSON.stringify(source))), edits, (plan, list) => {
      let text = plan;
      for (const edit of list) {
        const at = edit.at % text.length;
        text = `${text.slice(0, at)}${edit.text}${text.slice(at + edit.length)}` || ' ';
      }
      expectAnswer(text);
    }),
    { numRuns: propertyRuns(250) },
  );
});

test('plans and sub-plans that were changed at random are let pass, or refused with a code', () => {
  const [parent, child] = ['release', 'package'].map((name) => parse(example(`release/${name}.yaml`)) as Json);
  fc.assert(
    fc.property(changes, changes, (above, below) => {
      const plans = {
        'package.yaml': damageAgain(child!, below),
        x: damageAgain(child!, above),
        '': damageAgain(parent!, below),
      };
      const checked = checkPlanSet({ source: damageAgain(parent!, above), path: 'release.yaml', plans });
      if (checked.ok) return;
      expect(checked.error.some((each) => each.severity === 'error')).toBe(true);
      for (const { code } of checked.error) expect(DIAGNOSTIC_CODES).toContain(code);
    }),
    { numRuns: propertyRuns(100) },
  );
});
