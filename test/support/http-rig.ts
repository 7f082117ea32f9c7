import http, { type IncomingMessage, type RequestListener } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { callHttp, type HttpOptions, type HttpOutcome, type HttpRequest } from '../../src/activities/http/index.js';

export interface HttpRig {
  /** Starts a server on a free port; gives its origin. */
  serve(listener: RequestListener): Promise<string>;
  /** Stops listening, so that nothing does on the ports of the servers. */
  stopListening(): void;
  /** A file in a folder of the test's own; it is not there yet. */
  file(...names: string[]): string;
}

/** Real servers and a folder for each test of a file, gone after it. */
export function httpRig(): HttpRig {
  const servers: http.Server[] = [];
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'orch-http-'));
  });
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    serve: async (listener) => {
      const server = http.createServer(listener);
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    stopListening: () => servers.forEach((server) => server.close()),
    file: (...names) => path.join(dir, ...names),
  };
}

/** A call with a generous deadline. */
export function call(request: HttpRequest, options: Partial<HttpOptions> = {}): Promise<HttpOutcome> {
  return callHttp(request, { signal: new AbortController().signal, timeoutMs: 20_000, ...options });
}

/** Answers with what it was asked. */
export const echo: RequestListener = (request, response) => {
  const answer = async (): Promise<void> => {
    const { method, url, headers } = request;
    const body = await textOf(request);
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.end(JSON.stringify({ method, url, headers, body }));
  };
  void answer();
};

/** `/N` redirects to `/N-1`; `/0` answers. */
export const chain: RequestListener = (request, response) => {
  const left = Number(request.url?.slice(1));
  if (left === 0) echo(request, response);
  else response.writeHead(302, { Location: `/${left - 1}` }).end('moved');
};

/** The headers that {@link echo} was asked with. */
export function seenHeaders(outcome: HttpOutcome): Record<string, string> {
  if (!outcome.ok) throw new Error(outcome.message);
  return (outcome.json as { headers: Record<string, string> }).headers;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
