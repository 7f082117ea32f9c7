// Writes docs/plan-reference.md from the schema and from docs/reference: its template, and an example per key.
// Needs a build.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { planReference } from '../dist/plan-reference/index.js';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));
const files = readdirSync(`${docs}reference`).filter((file) => file.endsWith('.yaml'));
const examples = new Map(files.map((file) => [file.slice(0, -'.yaml'.length), read(`reference/${file}`)]));
writeFileSync(`${docs}plan-reference.md`, planReference(read('reference/template.md'), examples));

function read(file) {
  return readFileSync(docs + file, 'utf8');
}
