import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { SHORT_RUN_PATH } from '../contract/names.js';
import { DEFAULT_NAMESPACE } from '../temporal/settings.js';
import { ownAddress, whyRefused } from './own-requests.js';
import { LOOPBACK, splitAddress } from './ports.js';

/** The guard of the Web UI, while it is open. */
export interface WebUi {
  close: () => void;
}

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
    const refusal = whyRefused(incoming, { name: "orch's Web UI", ...ownAddress });
    const run = shortAddressOf(incoming);
    if (refusal !== undefined) {
      answer.writeHead(refusal.status, { ...CLOSED, 'content-type': 'text/plain' }).end(`${refusal.why}\n`);
    } else if (run !== undefined) answer.writeHead(302, { ...CLOSED, location: run }).end();
    else passOn(incoming, answer, target);
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

/** Where a short address of a run leads; undefined for any other. What is in it stays as it is, so it leads nowhere else. */
function shortAddressOf({ method, url = '' }: IncomingMessage): string | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  const id = url.startsWith(SHORT_RUN_PATH) ? url.slice(SHORT_RUN_PATH.length) : '';
  return /^[^/?#]+$/.test(id) ? `/namespaces/${DEFAULT_NAMESPACE}/workflows/${id}` : undefined;
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
