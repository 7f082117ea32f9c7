import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** The only address the embedded server listens on. */
export const LOOPBACK = '127.0.0.1';

/** The ports of an embedded server. */
export interface Ports {
  grpc: number;
  ui: number;
  http: number;
}

/** Beside Temporal's own 7233 and 8233, which a dev server of the user's may hold. */
const PREFERRED: Ports = { grpc: 7243, ui: 8243, http: 7244 };

/**
 * Where other ports are looked for: below those that systems give to outgoing connections, one of which could else
 * take a server's port while it is restarted; and at random, so that two starts at once rarely choose the same.
 */
const OTHERS: [from: number, below: number] = [20_000, 32_000];

const MAX_TRIES = 100;

/** The wanted ports (default: orch's usual ones), each replaced by a free one where it is taken. */
export async function choosePorts(wanted: Ports = PREFERRED): Promise<Ports> {
  const grpc = await freePort([wanted.grpc, PREFERRED.grpc], []);
  const ui = await freePort([wanted.ui, PREFERRED.ui], [grpc]);
  const http = await freePort([wanted.http, PREFERRED.http], [grpc, ui]);
  return { grpc, ui, http };
}

async function freePort(wanted: number[], used: number[]): Promise<number> {
  for (const port of wanted) {
    if (!used.includes(port) && (await tryPort(port))) return port;
  }
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const port = randomInt(...OTHERS);
    if (!used.includes(port) && (await tryPort(port))) return port;
  }
  throw new Error(`${MAX_TRIES} ports between ${OTHERS.join(' and ')} were tried on ${LOOPBACK}, and none is free`);
}

function tryPort(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
