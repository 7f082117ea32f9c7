import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createFileOnce } from '../host/atomic-file.js';
import { unlessMissing } from '../host/errno.js';
import { makePrivateDir } from './paths.js';

/**
 * Name of a state folder, which holds what its host's workers run: a step that one of them has started belongs here.
 * Made once, of the host's name for people and random characters for what shares that name.
 */
export function stateHost(stateDir: string): string {
  const file = path.join(stateDir, 'host');
  const known = readName(file);
  if (known !== undefined) return known;
  makePrivateDir(stateDir);
  const name = `${os
    .hostname()
    .replace(/[^A-Za-z0-9.-]/g, '-')
    .slice(0, 60)}-${randomBytes(4).toString('hex')}`;
  createFileOnce(file, `${name}\n`); // only one of several workers that start at once gives the name
  return readName(file) ?? name;
}

function readName(file: string): string | undefined {
  return unlessMissing(() => readFileSync(file, 'utf8').trim()) || undefined;
}
