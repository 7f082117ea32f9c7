import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { LOOPBACK, splitAddress } from './ports.js';

/** The guard of the Web UI, while it is open. */
export interface WebUi {
  close: () => void;
}

/**
 * Names under which a person reaches this machine, at this port or one that was forwarded. A page whose own name was made
 * to lead here (DNS rebinding) comes under that name.
 */
const OWN_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/** They are between two hosts only, and say nothing of what goes through. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * No page of another site may show it in a frame, take parts of it, or hold on to its window. Where the server itself says
 * more in one of these, that stands: it shows rendered texts in a frame of its own.
 */
const CLOSED = {
  'content-security-policy': "frame-ancestors 'self'",
  'x-frame-options': 'SAMEORIGIN',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};

/**
 * Opens the Web UI to people, and keeps the pages of other sites out. The server's own answers whoever asks, so it
 * listens where browsers do not go; what is asked here is passed on to it once it is known to be the UI's own request, or a
 * person's.
 *
 * @param target host:port of the server's own
 * @throws Error where the port is taken
 */
export async function openWebUi(port: number, target: string): Promise<WebUi> {
  const server = createServer((incoming, answer) => {
    const refusal = whyRefused(incoming);
    if (refusal === undefined) passOn(incoming, answer, target);
    else answer.writeHead(refusal.status, { ...CLOSED, 'content-type': 'text/plain' }).end(`${refusal.why}\n`);
  });
  server.on('upgrade', (_incoming, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ port, host: LOOPBACK, exclusive: true }, resolve);
  });
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { close };
}

function whyRefused({ method, url, headers }: IncomingMessage): { status: number; why: string } | undefined {
  const host = headers.host ?? '';
  if (!OWN_HOST.test(host) || !url?.startsWith('/')) {
    return {
      status: 421,
      why: `This is orch's Web UI. It is available at localhost and 127.0.0.1, not at ${nameOf(host)}`,
    };
  }
  if (isForeign(headers)) return { status: 403, why: "A page of another site may not use orch's Web UI" };
  const reads = method === 'GET' || method === 'HEAD';
  // Browsers name the origin of all that is not merely read.
  if (reads || headers.origin?.toLowerCase() === `http://${host.toLowerCase()}`) return undefined;
  return { status: 403, why: "Only pages of orch's Web UI itself may send this" };
}

/** A link that a person follows may come from anywhere: it opens a page, and no script of another site sees it. */
function isForeign(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  return headers['sec-fetch-mode'] !== 'navigate' || headers['sec-fetch-dest'] !== 'document';
}

function nameOf(host: string): string {
  return /^[\w.:-]{1,100}$/.test(host) ? host : 'that address';
}

function passOn(incoming: IncomingMessage, answer: ServerResponse, target: string): void {
  const headers = { ...passedOn(incoming.headers), host: target };
  const outgoing = request({ ...splitAddress(target), method: incoming.method, path: incoming.url, headers });
  outgoing.on('response', (response) => {
    answer.writeHead(response.statusCode ?? 502, { ...CLOSED, ...passedOn(response.headers) });
    response.pipe(answer);
  });
  outgoing.on('error', () => {
    if (answer.headersSent) return answer.destroy();
    answer.writeHead(502, { ...CLOSED, 'content-type': 'text/plain' });
    return answer.end('The Temporal server does not answer. `orch doctor` shows its state.\n');
  });
  answer.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function passedOn(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const names = Object.entries(headers).filter(
    ([name]) => !HOP_BY_HOP.has(name) && !name.startsWith('access-control-'),
  );
  return Object.fromEntries(names);
}
