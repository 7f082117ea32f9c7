import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** The address the embedded server listens on; its Web UI may have another one of this machine's own. */
export const LOOPBACK = '127.0.0.1';

/** Where an embedded server listens. */
export interface Ports {
  grpc: number;
  /** Temporal's HTTP interface, which answers nobody. */
  http: number;
  metrics: number;
  /** host:port of the server's own Web UI, which only orch's guard is to reach. */
  ui: string;
}

/** Beside Temporal's own 7233 and 8233, which a dev server of the user's may hold. */
const PREFERRED = { grpc: 7243, http: 7244, webUi: 8243 };

/**
 * Ports that browsers send nothing to, whatever a page asks for, because other protocols are at home there ("port
 * blocking" of the Fetch standard): IRC, SIP, lockd and the like. All browsers have had them for years.
 */
const CLOSED_TO_PAGES = [6665, 6666, 6667, 6668, 6669, 4045, 3659, 2049, 5060, 5061, 6566, 6697, 10_080];

/**
 * Where other ports are looked for: below those that systems give to outgoing connections, one of which could else
 * take a server's port while it is restarted; and at random, so that two starts at once rarely choose the same.
 */
const OTHERS: [from: number, below: number] = [20_000, 32_000];

const MAX_TRIES = 100;

/** The wanted ports (default: orch's usual ones), each replaced by a free one where it is taken. */
export async function choosePorts(wanted?: Ports): Promise<Ports> {
  const grpc = await freePort([wanted?.grpc, PREFERRED.grpc], []);
  const http = await freePort([wanted?.http, PREFERRED.http], [grpc]);
  const metrics = await freePort([wanted?.metrics, ...shuffled(CLOSED_TO_PAGES)], [grpc, http]);
  return { grpc, http, metrics, ui: await closedAddress(wanted?.ui, metrics) };
}

/** A port for the guard of the Web UI: the wanted one, orch's usual one, or another. */
export function chooseWebUiPort(wanted?: number): Promise<number> {
  return freePort([wanted, PREFERRED.webUi], []);
}

async function freePort(wanted: readonly (number | undefined)[], used: readonly number[]): Promise<number> {
  for (const port of wanted) {
    if (port && !used.includes(port) && (await isFree(LOOPBACK, port))) return port;
  }
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const port = randomInt(...OTHERS);
    if (!used.includes(port) && (await isFree(LOOPBACK, port))) return port;
  }
  throw new Error(`${MAX_TRIES} ports between ${OTHERS.join(' and ')} on ${LOOPBACK} were tried, but none is free`);
}

/** There are few of these ports, but on Linux and Windows this machine has 16 million addresses to have them at. */
async function closedAddress(wanted: string | undefined, used: number): Promise<string> {
  const anywhere = process.platform === 'linux' || process.platform === 'win32';
  const others = shuffled(CLOSED_TO_PAGES).map((port) => `${anywhere ? randomLoopback() : LOOPBACK}:${port}`);
  const here = shuffled(CLOSED_TO_PAGES).map((port) => `${LOOPBACK}:${port}`);
  for (const address of [...(wanted === undefined ? [] : [wanted]), ...others, ...here]) {
    const { host, port } = splitAddress(address);
    const usable = CLOSED_TO_PAGES.includes(port) && (host !== LOOPBACK || port !== used);
    if (usable && (await isFree(host, port))) return address;
  }
  throw new Error(`none of the ports ${CLOSED_TO_PAGES.join(', ')} is free on ${LOOPBACK}`);
}

/** The parts of host:port. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

function randomLoopback(): string {
  return `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
}

function shuffled(ports: readonly number[]): number[] {
  return ports
    .map((port) => ({ port, rank: randomInt(1_000_000) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ port }) => port);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
