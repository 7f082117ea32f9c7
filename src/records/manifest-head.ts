import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { manifestSchema, type Manifest } from '../journal/index.js';
import { RECORD_FILES } from './write-record.js';

/** What the manifest of a run says of the run itself. */
export type ManifestHead = Omit<Manifest, 'steps'>;

const headSchema = manifestSchema.omit({ steps: true });

/** Bytes that are read at once: more than what stands before the steps, but for large inputs. */
const PIECE = 16 * 1024;

/** Where the steps begin, in the form in which manifests are written: no string has a line break of its own. */
const STEPS = Buffer.from('\n  "steps": [');

/**
 * What the manifest in a run's folder says of the run; undefined where there is none, or another version wrote what
 * cannot be read. Of a file of 60 MB (a hundred thousand steps) it reads the beginning.
 */
export async function readManifestHead(folder: string): Promise<ManifestHead | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path.join(folder, RECORD_FILES.manifest));
    const parsed = headSchema.safeParse(JSON.parse(await beforeSteps(file)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}

/** The text up to the steps, as JSON; the whole text where they do not stand where they are written. */
async function beforeSteps(file: FileHandle): Promise<string> {
  const pieces: Buffer[] = [];
  let known: Buffer = Buffer.alloc(0);
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE), 0, PIECE);
    if (bytesRead === 0) return Buffer.concat(pieces).toString();
    const piece = buffer.subarray(0, bytesRead);
    pieces.push(piece);
    // What is looked for may lie across two pieces.
    known = Buffer.concat([known.subarray(-STEPS.length), piece]);
    const at = known.indexOf(STEPS);
    if (at >= 0) {
      const text = Buffer.concat(pieces);
      return `${text.subarray(0, text.length - known.length + at).toString()}\n  "steps": []\n}`;
    }
  }
}
