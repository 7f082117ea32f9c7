import { closeSync, openSync, writeSync } from 'node:fs';
import type { Response } from 'undici';
import { parseExactJson } from '../../plan/document/exact-json.js';
import type { Json } from '../../plan/model/values.js';

/** Bytes of a body that its text carries, as of a step's stdout. */
const MAX_TEXT_BYTES = 64 * 1024;
/** Bytes of a body that is still parsed as JSON; no more than this is ever held in memory. */
const MAX_JSON_BYTES = 1024 * 1024;

export interface BodyRead {
  body_text: string;
  body_bytes: number;
  body_truncated: boolean;
  json?: Json;
  /** True where the body went on after `maxBytes`; the rest was not read. */
  tooLarge: boolean;
}

/**
 * Reads a response's body in bounded memory.
 *
 * @param maxBytes what is taken at most; reading ends there.
 * @param file gets the bytes as they come, also those of a body that proves too large.
 */
export async function readBody(response: Response, maxBytes: number, file?: string): Promise<BodyRead> {
  const sink = file === undefined ? undefined : openSync(file, 'w', 0o600);
  try {
    const { kept, total, tooLarge } = await drain(response, maxBytes, sink);
    const contentType = response.headers.get('content-type') ?? '';
    const text = decode(kept.subarray(0, MAX_TEXT_BYTES), contentType, total > MAX_TEXT_BYTES);
    return {
      body_text: text ?? '',
      body_bytes: total,
      body_truncated: tooLarge || total > MAX_TEXT_BYTES || text === undefined,
      ...(tooLarge || total > MAX_JSON_BYTES ? {} : parseJson(kept, contentType)),
      tooLarge,
    };
  } finally {
    if (sink !== undefined) closeSync(sink);
  }
}

async function drain(
  response: Response,
  maxBytes: number,
  sink: number | undefined,
): Promise<{ kept: Buffer; total: number; tooLarge: boolean }> {
  const kept: Uint8Array[] = [];
  let total = 0;
  // Leaving the loop early cancels the stream, which closes the connection.
  for await (const chunk of response.body ?? []) {
    const taken = chunk.subarray(0, maxBytes - total);
    if (total < MAX_JSON_BYTES) kept.push(taken.slice(0, MAX_JSON_BYTES - total));
    if (sink !== undefined) writeAll(sink, taken);
    total += taken.length;
    if (taken.length < chunk.length) return { kept: Buffer.concat(kept), total, tooLarge: true };
  }
  return { kept: Buffer.concat(kept), total, tooLarge: false };
}

/** At once: while this thread writes it reads no more of the response, which nothing else holds back. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

/** The bytes as text; undefined where they are none, as garbled text is of no use to anybody. */
function decode(bytes: Buffer, contentType: string, cut: boolean): string | undefined {
  try {
    // `stream` leaves out a character that the cut went through, instead of calling it an error.
    return textDecoder(contentType).decode(bytes, { stream: cut });
  } catch {
    return undefined;
  }
}

function textDecoder(contentType: string): InstanceType<typeof TextDecoder> {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    return new TextDecoder('utf-8', { fatal: true }); // a charset that nobody knows
  }
}

function parseJson(bytes: Buffer, contentType: string): { json?: Json } {
  if (!/^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType)) return {};
  const text = decode(bytes, contentType, false);
  if (text === undefined) return {};
  try {
    return { json: parseExactJson(text) };
  } catch {
    return {}; // the server's fault, and seen by what reads the JSON; the text is there
  }
}
