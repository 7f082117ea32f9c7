import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serviceFiles } from '../../src/service/files.js';
import { ensureSigningKey, readSigningKey } from '../../src/service/signing-key.js';
import { cleanUp, temporaryFolder } from './rig.js';

let state: string;
let path: string;

beforeEach(() => {
  state = temporaryFolder();
  mkdirSync(join(state, 'service'));
  path = serviceFiles(state).signingKey;
});
afterEach(cleanUp);

it('makes a key once, for its owner only', () => {
  const key = ensureSigningKey(state);
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(ensureSigningKey(state)).toBe(key);
  expect(readSigningKey(state)).toBe(key);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('says that there is no key before the service ran', () => {
  expect(() => readSigningKey(state)).toThrow(expect.objectContaining({ code: 'signing_key_missing' }));
});

it('refuses a key that others can read or write', () => {
  ensureSigningKey(state);
  for (const mode of [0o640, 0o604, 0o620]) {
    chmodSync(path, mode);
    expect(() => readSigningKey(state)).toThrow(expect.objectContaining({ code: 'signing_key_unsafe' }));
  }
  expect(() => ensureSigningKey(state)).toThrow(`others may read or write it (mode 620)`);
});

it('refuses a key that is a symbolic link', () => {
  ensureSigningKey(state);
  renameSync(path, `${path}.real`);
  symlinkSync(`${path}.real`, path);
  expect(() => readSigningKey(state)).toThrow('it is a symbolic link');
  expect(() => ensureSigningKey(state)).toThrow('it is a symbolic link');
});

it('refuses a file that holds something else', () => {
  writeFileSync(path, 'secret\n', { mode: 0o600 });
  expect(() => ensureSigningKey(state)).toThrow('it does not hold 32 bytes in hex');
  expect(readFileSync(path, 'utf8')).toBe('secret\n');
});
