import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { manifestJsonSchema as execManifestJsonSchema } from '../../src/formats/exec-manifest/index.js';
import { pipelinesJsonSchema } from '../../src/formats/pipelines/schema.js';
import { eventsJsonSchema, manifestJsonSchema } from '../../src/journal/index.js';
import { loopJsonSchema } from '../../src/loop/config-schema.js';
import { diagnosticsJsonSchema, DIAGNOSTIC_CODES, planJsonSchema } from '../../src/plan/index.js';
import { NOTIFY_REASONS } from '../../src/contract/notify.js';
import { CLIENT_ERROR_CODES } from '../../src/client/errors.js';
import { SERVICE_ERROR_CODES } from '../../src/service/errors.js';
import { SYSTEM_ERROR_CODES } from '../../src/cli/system-errors.js';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

test.each([
  ['plan.schema.json', planJsonSchema],
  ['diagnostics.schema.json', diagnosticsJsonSchema],
  ['events.schema.json', eventsJsonSchema],
  ['manifest.schema.json', manifestJsonSchema],
  ['exec-manifest.schema.json', execManifestJsonSchema],
  ['pipelines.schema.json', pipelinesJsonSchema],
  ['orchestration.schema.json', loopJsonSchema],
])('schemas/%s is what the source says (npm run schemas)', (file, make) => {
  const { $id, ...schema } = JSON.parse(read(`schemas/${file}`));
  expect(schema).toEqual(JSON.parse(JSON.stringify(make())));
  expect($id).toBe(`urn:orch:schema:${file.replace('.schema.json', '')}`);
});

test.each([
  ['plans', planJsonSchema],
  ['pipelines', pipelinesJsonSchema],
  ['loops', loopJsonSchema],
])('the schema for editors of %s has every key described', (_what, make) => {
  const undescribed: string[] = [];
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    const { properties } = schema as { properties?: Record<string, { description?: string; const?: unknown }> };
    for (const [key, value] of Object.entries(properties ?? {})) {
      if (value.description === undefined && value.const === undefined) undescribed.push(`${path}.${key}`);
    }
    for (const [key, value] of Object.entries(schema)) walk(value, `${path}.${key}`);
  };
  walk(make(), '');
  expect(undescribed).toEqual([]);
});

test('docs/errors.md has a section for every diagnostic code, and for nothing else', () => {
  const documented = [...read('docs/errors.md').matchAll(/^### `(\w+)`$/gm)].map((match) => match[1]);
  expect(documented).toEqual([...DIAGNOSTIC_CODES]);
});

test('docs/errors.md lists every step reason, and every error of the client and of the service', () => {
  const documented = [...read('docs/errors.md').matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
  const union = /export type StepReason =([^;]+);/.exec(read('src/contract/statuses.ts'))?.[1] ?? '';
  const reasons = [...union.matchAll(/'(\w+)'/g)].map((match) => match[1]);
  expect(new Set(documented)).toEqual(
    new Set([...reasons, ...NOTIFY_REASONS, ...CLIENT_ERROR_CODES, ...SERVICE_ERROR_CODES, ...SYSTEM_ERROR_CODES]),
  );
});
