import type { IncomingMessage, ServerResponse } from 'node:http';

/** Bytes of a request's body: the largest verb has 128 KiB, in JSON that may be twice as much. */
const MAX_BODY = 512 * 1024;

/**
 * What every answer says. The page may load only what is its own, be shown in no frame, and make no HTML of text; nobody
 * keeps a copy of what it is told.
 */
const CLOSED = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** Why a request is not answered. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code = 'refused';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Answers with a text or a file. */
export function send(
  answer: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>>,
): void {
  answer.writeHead(status, { ...CLOSED, ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

/** Answers with JSON. */
export function sendJson(
  answer: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  send(answer, status, JSON.stringify(value), { ...headers, 'content-type': 'application/json; charset=utf-8' });
}

/** The body of a request. @throws Refusal where it is none of JSON, or too large */
export async function readBody(incoming: IncomingMessage): Promise<unknown> {
  if (!/^application\/json(;|$)/i.test(incoming.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'The body must be JSON');
  }
  const bytes = await bytesOf(incoming);
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    throw new Refusal(400, 'The body is not JSON');
  }
}

/** A loop over the request would cut the connection where it ends early, and with it the answer. */
function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY) chunks.push(chunk);
      else reject(new Refusal(413, `The body has more than ${MAX_BODY} bytes`));
    });
    incoming.on('end', () => resolve(Buffer.concat(chunks)));
    incoming.on('error', reject);
  });
}
