import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createScheduleRegister, type ScheduleRegister } from '../temporal/schedule-register.js';
import type { WorkerSigning } from '../temporal/signing.js';
import { createUsedSeals } from '../temporal/used-seals.js';
import { ServiceError } from './errors.js';
import { serviceFiles } from './files.js';
import { createFileOnce } from '../host/atomic-file.js';
import { isMissing } from '../host/errno.js';
import { ensureSigningKey, readSigningKey } from './signing-key.js';

/** What is known of the key beside itself. */
interface SigningNote {
  /** From when on all messages are signed, milliseconds since the epoch; 0 where they have been from the beginning. */
  since: number;
  /** Tells whether the key is the one that open runs were signed with. */
  key_id: string;
}

/**
 * Makes sure that the state folder has its key. In a new one everything is signed from the beginning.
 *
 * @throws ServiceError `signing_key_lost` where the key is gone that runs were signed with, or is another one;
 * `signing_key_unsafe`
 */
export function ensureSigning(state: string): void {
  const { signingKey, signingNote, database } = serviceFiles(state);
  if (existsSync(signingNote) && !existsSync(signingKey)) throw lost(signingKey, 'is gone');
  const fresh = !existsSync(signingKey) && !existsSync(database);
  const key = ensureSigningKey(state);
  if (fresh) createNote(signingNote, 0, key);
  readSigning(state);
}

/**
 * What a worker of the embedded service tells genuine messages by. The first one that asks in an old state folder is
 * the one from which on everything is signed: the worker before it has been stopped.
 *
 * @throws ServiceError as {@link ensureSigning}
 */
export function workerSigning(state: string): WorkerSigning {
  const { signingNote, usedSeals } = serviceFiles(state);
  createNote(signingNote, Date.now(), readSigningKey(state));
  const { key, since } = readSigning(state);
  return { key, since: since!, used: createUsedSeals(usedSeals), schedules: scheduleRegister(state) };
}

/** What the worker of the embedded service believes of schedules. */
export function scheduleRegister(state: string): ScheduleRegister {
  return createScheduleRegister(serviceFiles(state).schedules);
}

/**
 * The key, and since when everything is signed with it: absent as long as the worker is of a build that signs less.
 *
 * @throws ServiceError as {@link ensureSigning}
 */
export function readSigning(state: string): { key: string; since?: number } {
  const { signingKey, signingNote } = serviceFiles(state);
  const key = readSigningKey(state);
  let note: SigningNote;
  try {
    note = JSON.parse(readFileSync(signingNote, 'utf8')) as SigningNote;
  } catch (error) {
    if (isMissing(error)) return { key };
    throw lost(signingNote, 'cannot be read');
  }
  if (note.key_id !== idOf(key)) throw lost(signingKey, 'is not the one its runs were signed with');
  return { key, since: note.since };
}

function idOf(key: string): string {
  return createHash('sha256').update(`orch key id\n${key}`).digest('hex').slice(0, 16);
}

/** Of two starts at once both go by what the first one has noted. */
function createNote(file: string, since: number, key: string): void {
  const note: SigningNote = { since, key_id: idOf(key) };
  createFileOnce(file, `${JSON.stringify(note)}\n`);
}

function lost(file: string, what: string): ServiceError {
  return new ServiceError(
    'signing_key_lost',
    `${file} ${what}: what the open runs have done so far cannot be verified without it`,
    'put it back from a backup; or abandon the runs: `orch down`, then remove signing.key, signing.json and temporal.db from that folder (logs and records stay), and `orch up`',
  );
}
