import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { serviceFiles, type ServiceFiles } from '../../src/service/files.js';
import { ensureSigningKey } from '../../src/service/signing-key.js';
import { ensureSigning, readSigning, workerSigning } from '../../src/service/signing.js';
import { tempDir } from '../support/plans.js';

let state: string;
let files: ServiceFiles;

beforeEach(() => {
  state = tempDir();
  files = serviceFiles(state);
  mkdirSync(files.dir, { recursive: true, mode: 0o700 });
});

test('in a new state folder everything is signed from the beginning', () => {
  ensureSigning(state);
  expect(readSigning(state)).toEqual({ key: expect.stringMatching(/^[0-9a-f]{64}$/), since: 0 });
  expect(workerSigning(state)).toMatchObject(readSigning(state));
});

test('in an older one it is from the first worker on that signs', () => {
  ensureSigningKey(state);
  writeFileSync(files.database, '');
  ensureSigning(state);
  expect(readSigning(state)).not.toHaveProperty('since');
  const before = Date.now();
  const { since } = workerSigning(state);
  expect(since).toBeGreaterThanOrEqual(before);
  expect(since).toBeLessThanOrEqual(Date.now());
  expect(workerSigning(state).since).toBe(since);
});

test('a key that is gone, or is another one, is no key to go on with: none is made in its place', () => {
  ensureSigning(state);
  const key = readFileSync(files.signingKey, 'utf8');
  rmSync(files.signingKey);
  expect(() => ensureSigning(state)).toThrow(expect.objectContaining({ code: 'signing_key_lost' }));
  writeFileSync(files.signingKey, `${'ab'.repeat(32)}\n`, { mode: 0o600 });
  expect(() => ensureSigning(state)).toThrow(expect.objectContaining({ code: 'signing_key_lost' }));
  expect(() => workerSigning(state)).toThrow(expect.objectContaining({ code: 'signing_key_lost' }));
  writeFileSync(files.signingKey, key, { mode: 0o600 });
  ensureSigning(state);
});
