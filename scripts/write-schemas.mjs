// Writes the JSON Schemas that are published for editors and for readers of --json. Needs a build.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runJsonSchemaDocument } from '../dist/cli/render/run-json.js';
import { manifestJsonSchema as execManifestJsonSchema } from '../dist/formats/exec-manifest/index.js';
import { pipelinesJsonSchema } from '../dist/formats/pipelines/schema.js';
import { eventsJsonSchema, manifestJsonSchema } from '../dist/journal/index.js';
import { loopJsonSchema } from '../dist/loop/config-schema.js';
import { diagnosticsJsonSchema, planJsonSchema } from '../dist/plan/index.js';

const folder = fileURLToPath(new URL('../schemas/', import.meta.url));
mkdirSync(folder, { recursive: true });
write('plan', planJsonSchema());
write('diagnostics', diagnosticsJsonSchema());
write('run', runJsonSchemaDocument());
write('events', eventsJsonSchema());
write('manifest', manifestJsonSchema());
write('exec-manifest', execManifestJsonSchema());
write('pipelines', pipelinesJsonSchema());
write('orchestration', loopJsonSchema());

/** With a name by which other schemas and editors may refer to it; it says what it is, not where. */
function write(name, { $schema, ...schema }) {
  const named = { $schema, $id: `urn:orch:schema:${name}`, ...schema };
  writeFileSync(`${folder}${name}.schema.json`, `${JSON.stringify(named, null, 2)}\n`);
}
