import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { DIAGNOSTIC_CODES, levels, loadPlanText, renderDiagnostics } from '../../src/plan/index.js';
import { readJson } from '../../src/plan/document/json.js';
import { formatPath, parsePath } from '../../src/plan/problems/paths.js';

/** Plans whose edges lead backwards, written down in any order. */
const dags = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
  .chain((edges) => {
    const steps = edges.map((targets, index) => ({
      id: `s${index}`,
      command: 'true',
      depends_on: index === 0 ? [] : [...new Set(targets.map((target) => `s${target % index}`))],
    }));
    return fc.shuffledSubarray(steps, { minLength: steps.length });
  })
  .map((steps) => ({ plan_id: 'p', version: '1.0', steps }));

test('a plan without cycles loads from JSON and YAML alike, and its levels are a layering', () => {
  fc.assert(
    fc.property(dags, (source) => {
      const json = loadPlanText(JSON.stringify(source));
      const yaml = loadPlanText(stringify(source));
      if (!json.ok || !yaml.ok) throw new Error('a valid plan was refused');
      expect(yaml.value.plan).toEqual(json.value.plan);
      expect(json.value.source).toEqual(source);
      const { graph } = json.value;
      const waves = levels(graph);
      const waveOf = new Map(waves.flatMap((wave, number) => wave.map((step) => [step, number] as const)));
      expect(waveOf.size).toBe(source.steps.length);
      for (const [step, dependencies] of graph.dependencies.entries()) {
        const last = Math.max(-1, ...dependencies.map((dependency) => waveOf.get(dependency)!));
        expect(waveOf.get(step)).toBe(last + 1);
        for (const dependency of dependencies) expect(graph.dependents[dependency]).toContain(step);
      }
    }),
  );
});

test('a plan with an edge that closes a cycle is refused with the edges of one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 20 }), dags, (length, { steps }) => {
      const ring = Array.from({ length }, (_, index) => ({
        id: `r${index}`,
        command: 'x',
        depends_on: [`r${(index + 1) % length}`],
      }));
      const loaded = loadPlanText(JSON.stringify({ plan_id: 'p', version: '1.0', steps: [...steps, ...ring] }));
      if (loaded.ok) throw new Error('a cycle was let pass');
      expect(loaded.error.map((each) => [each.code, each.related?.length])).toEqual([['dependency_cycle', length]]);
    }),
  );
});

const VALID = Buffer.from(`plan_id: demo
version: "1.0"
inputs: {branch: {default: main}}
globals: {max_concurrency: 4, env: {A: "\${branch}"}}
steps:
  - {id: a, command: echo, args: ["\${A}", 'x'], provides: [lib]}
  - id: b
    step_def: {type: shell, script: "echo $A"}
    consumes: [lib]
    depends_on: [a]
`);
const VALID_JSON = Buffer.from(
  '{"plan_id": "demo", "version": "1.0", "steps": [{"id": "a", "command": "echo", "args": ["\\u0041"], "retries": 2}]}',
);

const mutations = fc.array(
  fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), kind: fc.constantFrom('set', 'cut', 'add') }),
  { minLength: 1, maxLength: 6 },
);

test.each([
  ['YAML', VALID],
  ['JSON', VALID_JSON],
])('however the bytes of a %s plan are damaged, there are diagnostics with a code and a place', (_, valid) => {
  expect(loadPlanText(valid).ok).toBe(true);
  fc.assert(
    fc.property(mutations, (changes) => {
      let bytes = [...valid];
      for (const { at, byte, kind } of changes) {
        const place = at % bytes.length;
        if (kind === 'set') bytes[place] = byte;
        else
          bytes = [
            ...bytes.slice(0, place),
            ...(kind === 'add' ? [byte] : []),
            ...bytes.slice(kind === 'cut' ? place + 1 : place),
          ];
      }
      const loaded = loadPlanText(Uint8Array.from(bytes));
      const found = loaded.ok ? loaded.value.diagnostics : loaded.error;
      expect(loaded.ok || found.length > 0).toBe(true);
      for (const each of found) {
        expect(DIAGNOSTIC_CODES).toContain(each.code);
        expect(each.line).toBeGreaterThan(0);
        expect(each.column).toBeGreaterThan(0);
      }
      expect(renderDiagnostics(found, Buffer.from(bytes).toString('utf8'), true)).not.toBe('');
    }),
    { numRuns: 500 },
  );
});

test('the JSON scanner agrees with JSON.parse about what JSON is', () => {
  const texts = fc.oneof(
    fc.json(),
    fc.json().chain((text) => fc.nat(text.length).map((at) => `${text.slice(0, at)}${text.slice(at + 1)}`)),
    fc.string({ unit: fc.constantFrom(...'{}[]",:01e.-tfn\\u '.split('')) }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const read = readJson(text);
      if ('document' in read) {
        expect(read.document.value).toEqual(JSON.parse(text));
        return;
      }
      // Keys twice and numbers that lose digits are JSON to JSON.parse; everything else must be refused by both.
      if (read.faults.every(({ code }) => code === 'duplicate_key' || code === 'inexact_number')) return;
      expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    }),
    { numRuns: 2000 },
  );
});

test('paths are read as they were written', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.nat())), (segments) => {
      expect(parsePath(formatPath(segments))).toEqual(segments);
    }),
  );
});
