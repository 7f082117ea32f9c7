import { open, readFile, type FileHandle } from 'node:fs/promises';
import { runEventSchema, type RunEvent } from '../journal/index.js';
import { replaceFile } from '../host/atomic-file.js';
import { ifMissing } from '../host/errno.js';

const NEWLINE = 0x0a;
/** Bytes that are looked at in one go for the last end of a line. */
const BLOCK = 64 * 1024;

/** Events as lines of JSON. */
export function eventLines(events: readonly RunEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/** Appends events to a file whose last line is whole. @returns how many bytes they have */
export async function appendEvents(file: string, events: readonly RunEvent[]): Promise<number> {
  const lines = Buffer.from(eventLines(events));
  const handle = await open(file, 'a', 0o600);
  try {
    await handle.writeFile(lines);
  } finally {
    await handle.close();
  }
  return lines.length;
}

/** Appends the events that a file does not have yet, after a write that may have failed half-way. */
export async function appendMissing(file: string, events: readonly RunEvent[]): Promise<void> {
  await repairTornLine(file);
  const last = (await lastEvent(file))?.seq ?? 0;
  const missing = events.filter((event) => event.seq > last);
  if (missing.length === 0) return;
  if (missing[0]!.seq > last + 1)
    throw new Error(`${file} is missing the events ${last + 1} to ${missing[0]!.seq - 1}`);
  await appendEvents(file, missing);
}

/**
 * Makes a file hold exactly these events: appends what is missing, after it has cut off a line that a killed writer
 * left half written. A file that says otherwise is replaced: a worker may have told of a decision and died before the
 * service took it, and what was decided in its place is what counts.
 *
 * @returns how many bytes the file has then
 */
export async function alignEvents(file: string, events: readonly RunEvent[]): Promise<number> {
  const known = await repairedText(file);
  const wanted = eventLines(events);
  const bytes = Buffer.byteLength(wanted);
  if (known === wanted) return bytes;
  if (known === undefined || !wanted.startsWith(known)) {
    await replaceFile(file, wanted);
    return bytes;
  }
  const handle = await open(file, 'a', 0o600);
  try {
    await handle.writeFile(wanted.slice(known.length));
  } finally {
    await handle.close();
  }
  return bytes;
}

/** Reads the events of a file, up to the first line that is none: a record is read while it is written. */
export async function readEvents(file: string): Promise<RunEvent[]> {
  const text = await readFile(file, 'utf8');
  const events: RunEvent[] = [];
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const event = line === '' ? undefined : parseEvent(line);
    if (event === undefined) break;
    events.push(event);
  }
  return events;
}

/**
 * Reads the first events of a file as they were written: what is read by a schema has its fields in another order, and
 * the file would then say otherwise. Fewer where the file has no more, or where their numbers do not follow each other.
 */
export async function readFirstEvents(file: string, count: number): Promise<RunEvent[]> {
  const text = await readFile(file, 'utf8');
  const events: RunEvent[] = [];
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (events.length === count || line === '') break;
    const event = JSON.parse(line) as RunEvent;
    if (event.seq !== events.length + 1) break;
    events.push(event);
  }
  return events;
}

/** Cuts a file behind its last whole line. */
export async function repairTornLine(file: string): Promise<void> {
  const handle = await open(file, 'r+').catch(ifMissing);
  if (handle === undefined) return;
  try {
    const { size } = await handle.stat();
    const end = await endOfLastLine(handle, size);
    if (end < size) await handle.truncate(end);
  } finally {
    await handle.close();
  }
}

async function lastEvent(file: string): Promise<RunEvent | undefined> {
  return (await readEvents(file).catch(ifMissing))?.at(-1);
}

async function repairedText(file: string): Promise<string | undefined> {
  await repairTornLine(file);
  return readFile(file, 'utf8').catch(ifMissing);
}

/** Looks backwards, since the file may be large and the torn part is short. */
async function endOfLastLine(handle: FileHandle, size: number): Promise<number> {
  const block = Buffer.alloc(Math.min(BLOCK, size));
  for (let end = size; end > 0; end -= block.length) {
    const start = Math.max(0, end - block.length);
    const { bytesRead } = await handle.read(block, 0, end - start, start);
    const at = block.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (at >= 0) return start + at + 1;
  }
  return 0;
}

function parseEvent(line: string): RunEvent | undefined {
  try {
    const parsed = runEventSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
