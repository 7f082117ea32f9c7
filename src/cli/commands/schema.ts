import { readFileSync } from 'node:fs';
import { EXIT, type CliContext } from '../context.js';
import { schemaFile } from '../package-files.js';
import type { SchemaName } from '../schema-names.js';

/** `orch schema [NAME]`: prints one of the JSON Schemas that come with orch. */
export function schema(context: CliContext, name: SchemaName, { path = false }: { path?: boolean }): number {
  const file = schemaFile(name);
  context.out(path ? `${file}\n` : readFileSync(file, 'utf8'));
  return EXIT.succeeded;
}
