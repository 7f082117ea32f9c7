import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { messageOf } from './errors.js';

/** Temporal's own download service, which its SDKs use too. */
export const TEMPORAL_DOWNLOAD = 'https://temporal.download';

/** A network that refuses, or swallows, must not hold up the search. Milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** A download that brings nothing for so long is given up. Milliseconds. */
const STALL_TIMEOUT_MS = 30_000;

const PROGRESS_EVERY_MS = 5_000;

const infoSchema = z.object({ archiveUrl: z.url(), fileToExtract: z.string() });

/** Downloads a release of Temporal's command line program into a folder; returns the program's path. */
export async function downloadTemporal(
  origin: string,
  release: string,
  folder: string,
  onProgress: (line: string) => void,
): Promise<string> {
  const info = await askWhere(origin, release);
  const archive = join(folder, 'archive.tar.gz');
  await fetchFile(info.archiveUrl, archive, (done) => onProgress(`downloading Temporal ${release}: ${done}`));
  // tar comes with Linux, macOS and Windows; its gzip layer notices a damaged archive.
  await promisify(execFile)('tar', ['-xzf', archive, '-C', folder, info.fileToExtract]);
  return join(folder, info.fileToExtract);
}

async function askWhere(origin: string, release: string): Promise<z.infer<typeof infoSchema>> {
  const url = new URL(`/cli/v${release}`, origin);
  url.search = new URLSearchParams({ arch: architecture(), platform: platform(), format: 'tar.gz' }).toString();
  const response = await get(url, AbortSignal.timeout(CONNECT_TIMEOUT_MS));
  return infoSchema.parse(await response.json());
}

async function fetchFile(url: string, path: string, onProgress: (done: string) => void): Promise<void> {
  const stall = new AbortController();
  let timer = setTimeout(() => stall.abort(), CONNECT_TIMEOUT_MS);
  try {
    const response = await get(new URL(url), stall.signal);
    const total = Number(response.headers.get('content-length') ?? Number.NaN);
    let bytes = 0;
    let shown = performance.now();
    const watch = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        clearTimeout(timer);
        timer = setTimeout(() => stall.abort(), STALL_TIMEOUT_MS);
        bytes += chunk.length;
        if (performance.now() - shown > PROGRESS_EVERY_MS) {
          shown = performance.now();
          onProgress(showBytes(bytes, total));
        }
        done(null, chunk);
      },
    });
    if (!response.body) throw new Error('an empty response');
    await pipeline(Readable.fromWeb(response.body), watch, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    if (Number.isFinite(total) && bytes !== total) throw new Error(`${bytes} of ${total} bytes arrived`);
  } finally {
    clearTimeout(timer);
  }
}

async function get(url: URL, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    // fetch says only "fetch failed"; the reason is its cause.
    const cause = error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error);
    throw new Error(`${url.host} cannot be reached: ${cause}`, { cause: error });
  }
  if (!response.ok) throw new Error(`${url.host} answered ${response.status}`);
  return response;
}

function platform(): string {
  return { darwin: 'darwin', win32: 'windows' }[process.platform as string] ?? 'linux';
}

function architecture(): string {
  if (process.arch === 'x64') return 'amd64';
  if (process.arch === 'arm64') return 'arm64';
  throw new Error(`there is no download for this processor (${process.arch})`);
}

function showBytes(bytes: number, total: number): string {
  return Number.isFinite(total) ? `${megabytes(bytes)} of ${megabytes(total)}` : megabytes(bytes);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
