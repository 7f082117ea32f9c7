// Writes the JSON Schemas that are published for editors and readers of --json. Needs a build.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { diagnosticsJsonSchema, planJsonSchema } from '../dist/plan/index.js';

const folder = fileURLToPath(new URL('../schemas/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, schema] of [
  ['plan.schema.json', planJsonSchema()],
  ['diagnostics.schema.json', diagnosticsJsonSchema()],
]) {
  writeFileSync(`${folder}${name}`, `${JSON.stringify(schema, null, 2)}\n`);
}
