import { fileURLToPath } from 'node:url';
import type { SchemaName, TemplateName } from './schema-names.js';

/** Where a JSON Schema is in this installation. */
export function schemaFile(name: SchemaName): string {
  return fileURLToPath(new URL(`../../schemas/${name}.schema.json`, import.meta.url));
}

/** Where the plan is that `orch init` copies. */
export function templateFile(name: TemplateName): string {
  return fileURLToPath(new URL(`../../templates/${name}.yaml`, import.meta.url));
}

/** Where a file of the page is that `orch ui` serves. */
export function pageFile(name: string): string {
  return fileURLToPath(new URL(`../ui/${name}`, import.meta.url));
}
