import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOOPBACK } from '../../service/ports.js';
import { SESSION_PATH } from '../../ui/api.js';
import type { Access, Asker } from './access.js';
import type { Assets } from './assets.js';
import { errorAnswer } from './error-answer.js';
import { readBody, Refusal, send, sendJson } from './http.js';

/** A question of the page, from somebody who may ask. */
export interface ApiRequest {
  method: 'GET' | 'POST';
  /** The parts of the path behind `/api/`, decoded. */
  path: readonly string[];
  query: URLSearchParams;
  /** Of a `POST`. */
  body?: unknown;
  asker: Asker;
}

/** Answers the page. @throws Refusal, or whatever a command would end with */
export type Api = (request: ApiRequest) => Promise<unknown>;

interface PageOptions {
  /** 0 for any that is free. */
  port: number;
  /** The address to listen on; default 127.0.0.1. */
  host?: string;
  assets: Assets;
  access: Access;
  api: Api;
  /** Is told of what is nobody's fault but ours. */
  onBug: (error: unknown) => void;
}

/** A page that is being served. */
export interface Page {
  port: number;
  close: () => void;
}

/**
 * Serves the page. The page itself says nothing of anybody, so whoever may reach it gets it; what it shows comes from the
 * API, which answers only those that {@link Access} knows.
 *
 * @throws the system's error where the port is taken
 */
export async function servePage(options: PageOptions): Promise<Page> {
  const server = createServer((incoming, answer) => {
    respond(options, portOf(server), incoming, answer).catch((error: unknown) => {
      const { status, body, bug } = errorAnswer(error);
      if (bug) options.onBug(error);
      if (answer.headersSent) answer.destroy();
      // The rest of a body that was too large is not read: the connection goes with it.
      else sendJson(answer, status, body, status === 413 ? { connection: 'close' } : {});
    });
  });
  server.on('upgrade', (_incoming, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server
      .once('error', reject)
      .listen({ port: options.port, host: options.host ?? LOOPBACK, exclusive: true }, resolve);
  });
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: portOf(server), close };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}

async function respond(
  { assets, access, api }: PageOptions,
  port: number,
  incoming: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const refusal = access.whyRefused(incoming);
  if (refusal !== undefined) throw new Refusal(refusal.status, refusal.why);
  const { method } = incoming;
  const [pathname, query] = splitTarget(incoming.url ?? '/');
  if (method !== 'GET' && method !== 'POST') throw new Refusal(405, 'Only GET and POST are answered');
  const { sessions } = access;
  if (pathname === SESSION_PATH && sessions !== undefined) {
    if (method !== 'POST') throw new Refusal(405, 'A session is opened by POST');
    const given = (await readBody(incoming)) as { token?: unknown } | null;
    const session = sessions.open(given?.token, port);
    if (session === undefined) throw new Refusal(401, 'This is not the token of this page');
    return sendJson(answer, 200, { key: session.key }, { 'set-cookie': session.cookie });
  }
  if (pathname.startsWith('/api/')) {
    const asker = access.askerOf(incoming);
    if ('status' in asker) throw new Refusal(asker.status, asker.why);
    const body = method === 'POST' ? await readBody(incoming) : undefined;
    return sendJson(answer, 200, await api({ method, path: partsOf(pathname), query, body, asker }));
  }
  const asset = method === 'GET' ? assets(pathname) : undefined;
  if (asset === undefined) throw new Refusal(404, 'There is nothing here');
  return send(answer, 200, asset.body, { 'content-type': asset.type });
}

/** As it was sent: what would be put in order here would be compared with nothing. */
function splitTarget(target: string): [pathname: string, query: URLSearchParams] {
  const at = target.indexOf('?');
  return at < 0 ? [target, new URLSearchParams()] : [target.slice(0, at), new URLSearchParams(target.slice(at + 1))];
}

function partsOf(pathname: string): string[] {
  try {
    return pathname.slice('/api/'.length).split('/').map(decodeURIComponent);
  } catch {
    throw new Refusal(404, 'There is nothing here');
  }
}
