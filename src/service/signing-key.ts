import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { serviceFiles } from './files.js';
import { ServiceError, messageOf } from './errors.js';
import { createFileOnce } from '../host/atomic-file.js';
import { errnoOf, isMissing } from '../host/errno.js';

/**
 * Makes sure that the state folder has a signing key, made once; returns it.
 *
 * @throws ServiceError `signing_key_unsafe` where others could know or choose the key
 */
export function ensureSigningKey(state: string): string {
  // Of two starts at once both end up with the first one's key.
  createFileOnce(serviceFiles(state).signingKey, `${randomBytes(32).toString('hex')}\n`);
  return readSigningKey(state);
}

/**
 * The key under which embedded starts are signed: 32 bytes, hex.
 *
 * @throws ServiceError `signing_key_missing` if the service never ran here, `signing_key_unsafe` where others could
 * know or choose the key
 */
export function readSigningKey(state: string): string {
  const path = serviceFiles(state).signingKey;
  const file = openWithoutFollowing(path);
  try {
    refuseSharedFile(file, path);
    const key = readFileSync(file, 'utf8').trim();
    if (!/^[0-9a-f]{64}$/.test(key)) throw unsafe(path, 'it does not hold 32 bytes in hex');
    return key;
  } finally {
    closeSync(file);
  }
}

function openWithoutFollowing(path: string): number {
  try {
    // Absent on Windows, where it is then 0.
    return openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if (errnoOf(error) === 'ELOOP') throw unsafe(path, 'it is a symbolic link');
    if (!isMissing(error)) throw unsafe(path, messageOf(error));
    throw new ServiceError('signing_key_missing', `there is no signing key at ${path}`, 'start the service: orch up');
  }
}

function refuseSharedFile(file: number, path: string): void {
  const stat = fstatSync(file);
  if (!stat.isFile()) throw unsafe(path, 'it is not a regular file');
  if (process.platform === 'win32') return;
  if (stat.uid !== process.getuid?.()) throw unsafe(path, 'it belongs to another user');
  if ((stat.mode & 0o077) !== 0)
    throw unsafe(path, `others may read or write it (mode ${(stat.mode & 0o777).toString(8)})`);
}

function unsafe(path: string, why: string): ServiceError {
  return new ServiceError(
    'signing_key_unsafe',
    `the signing key ${path} is refused: ${why}`,
    'stop the service (orch down), remove signing.key, signing.json and temporal.db from that folder, which abandons its open runs, and start it again (orch up): a new key is created',
  );
}
