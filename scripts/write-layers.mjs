// Writes the rooms of src, from scripts/layers/rooms.mjs, into the documents that show them.
import { readFileSync, writeFileSync } from 'node:fs';
import { DOCUMENTS, withLayers } from './layers/docs.mjs';
import { ROOMS } from './layers/rooms.mjs';

for (const document of DOCUMENTS) {
  const file = new URL(`../${document}`, import.meta.url);
  writeFileSync(file, withLayers(readFileSync(file, 'utf8'), ROOMS));
}
