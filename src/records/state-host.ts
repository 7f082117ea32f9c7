import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
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
  const own = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(own, `${name}\n`, { mode: 0o600 });
  try {
    linkSync(own, file); // only one of several workers that start at once gives the name, and all read it whole
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(own, { force: true });
  }
  return readName(file) ?? name;
}

function readName(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
