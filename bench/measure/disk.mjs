// What is on the disk below a folder.
import { lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';

const BLOCK = 512;

/** @returns `{ files, kb }`: files, and what they and their folders take of the disk */
export function diskOf(folder) {
  const found = { files: 0, kb: 0 };
  for (const entry of entriesOf(folder)) {
    const file = path.join(folder, entry.name);
    found.kb += blocksOf(file) / 1024;
    if (!entry.isDirectory()) {
      found.files += 1;
      continue;
    }
    const inside = diskOf(file);
    found.files += inside.files;
    found.kb += inside.kb;
  }
  return found;
}

function entriesOf(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // it has just gone
  }
}

function blocksOf(file) {
  try {
    return lstatSync(file).blocks * BLOCK;
  } catch {
    return 0;
  }
}
