import path from 'node:path';
import { readJson } from './files.js';
import { createFileOnce } from '../../host/atomic-file.js';

/** Written before anything else: a try without it was never begun. */
const OWNER_FILE = 'owner.json';

export function writeOwner(tryDir: string, owner: Readonly<Record<string, string>>): void {
  const file = path.join(tryDir, OWNER_FILE);
  createFileOnce(file, `${JSON.stringify(owner)}\n`); // a full disk keeps nobody from attaching
}

export function readOwner(tryDir: string): Record<string, string> | undefined {
  return readJson(path.join(tryDir, OWNER_FILE)) as Record<string, string> | undefined;
}
