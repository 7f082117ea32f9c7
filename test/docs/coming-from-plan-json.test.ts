import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { levels } from '../../src/plan/graph/graph.js';
import { loadPlanText, renderDiagnostics } from '../../src/plan/index.js';
import { createConverter } from '../../src/formats/index.js';
import { missingNames } from '../../src/plan/templates/expand-step.js';
import { resolveInputs } from '../../src/plan/templates/inputs.js';
import { REPO } from '../support/cli.js';

const page = readFileSync(path.join(REPO, 'docs', 'coming-from-plan-json.md'), 'utf8');
const [, plan = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];

function load(document: object): { said: string; loaded: ReturnType<typeof loadPlanText> } {
  const loaded = loadPlanText(JSON.stringify(document), { file: 'plan.json' });
  return { said: renderDiagnostics(loaded.ok ? loaded.value.diagnostics : loaded.error), loaded };
}

test('the plan of the page, which has every key of the older engine, runs on its own command line', () => {
  const { said, loaded } = load(JSON.parse(plan) as object);
  expect(said).toBe('no problems');
  if (!loaded.ok) throw new Error(said);
  const inputs = resolveInputs(loaded.value.plan, { BRANCH: 'main' });
  expect(inputs).toEqual({ ok: true, value: { BRANCH: 'main' } });
  expect(missingNames(loaded.value.plan, { inputs: { BRANCH: 'main' }, env: {} })).toEqual([]);
  expect(levels(loaded.value.graph)).toEqual([[0], [1], [2]]);
});

test('every variant of it does: identifiers of documents, older versions, texts for lists and numbers', () => {
  const document = JSON.parse(plan) as { version?: string; steps: Record<string, unknown>[] };
  const [merge, ...others] = document.steps;
  for (const version of ['1.0', '1.0.0', '2.0', undefined])
    expect(load({ ...document, version }).said).toBe('no problems');
  expect(load({ ...document, doc_id: 'DOC-1' }).said).toMatch(
    /^plan\.json:1:\d+: warning\[unknown_key\].*\n.*\n\n1 warning$/,
  );
  for (const changed of [{ depends_on: null }, { cwd: '.' }, { timeout_sec: null }, { env: {} }, { condition: null }]) {
    expect(load({ ...document, steps: [{ ...merge, ...changed }, ...others] }).said).toBe('no problems');
  }
});

test('every key of the plan is in the table of the page', () => {
  const document = JSON.parse(plan) as { globals: object; steps: object[] };
  const keys = [document, document.globals, ...document.steps].flatMap((map) => Object.keys(map));
  const named = new Set(
    page
      .split('## Field by field')[1]!
      .match(/`[^`]+`/g)!
      .map((word) => word.slice(1, -1).replace(/^globals\.|:.*/g, '')),
  );
  expect([...new Set(keys)].filter((key) => !named.has(key) && key !== 'globals' && key !== 'steps')).toEqual([]);
});

test('a bundle of workstreams with a comment in front is recognised', () => {
  const text = '/* a bundle */\n[{"id": "ws-1", "openspec_change": "OS-1", "tasks": ["x"] /* what */}]';
  const prepared = createConverter().prepare?.(text);
  const loaded = loadPlanText(prepared ?? text, { file: 'bundle.json' });
  expect(loaded.ok ? [] : loaded.error.map(({ code }) => code)).toEqual(['workstream_bundle']);
});
