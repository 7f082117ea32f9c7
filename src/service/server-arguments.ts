import { createHash } from 'node:crypto';
import type { ServiceFiles } from './files.js';
import { LOOPBACK, splitAddress, type Ports } from './ports.js';
import { optionOf, type TableEntry } from './process-table.js';

/**
 * Measured on a chain and a fan of steps: together they take a chain's step from 100 ms to 8, and a timer of 1 ms from
 * 1,006 ms to 14. With the default of 100 buffered events the server fails a workflow's task, again and again, when a
 * hundred steps end while it runs.
 */
const SPEED = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxTimeShift="10ms"',
  'system.enableActivityEagerExecution=true',
  'history.maximumBufferedEventsBatch=10000',
];

/**
 * The server does not call home. And pages in a browser reach its HTTP interface: no request can name a host with a blank
 * in it, so none is answered. Nexus has paths of its own there, for which the host is not asked.
 */
const SILENCE = [
  'frontend.enableServerVersionCheck=false',
  'frontend.httpAllowedHosts=["no host"]',
  'system.enableNexus=false',
];

/**
 * With a write-ahead log, `normal` loses no committed transaction when the process dies. The exclusive lock makes the
 * server the database's only owner: the system keeps it for as long as the process lives, whatever becomes of orch's files.
 */
const PRAGMAS = ['journal_mode=wal', 'synchronous=normal', 'locking_mode=exclusive'];

const SETTINGS: TableEntry['options'] = [
  ['--ip', LOOPBACK],
  ...[...SPEED, ...SILENCE].map((setting): [string, string] => ['--dynamic-config-value', setting]),
  ...PRAGMAS.map((pragma): [string, string] => ['--sqlite-pragma', pragma]),
];

/** What differs from one start to the next. */
const PLACES = ['--db-filename', '--port', '--http-port', '--metrics-port', '--ui-ip', '--ui-port'];

/** Changes with what servers are told; one that was told something else, by another orch, is replaced. */
export const CURRENT_SETTINGS = settingsId(SETTINGS);

/** The command line of a server. */
export function serverArguments(files: ServiceFiles, ports: Ports): string[] {
  const ui = splitAddress(ports.ui);
  const places = [files.database, ports.grpc, ports.http, ports.metrics, ui.host, ui.port].map(String);
  const options = [...PLACES.map((name, index) => [name, places[index] ?? '']), ...SETTINGS];
  return ['server', 'start-dev', ...options.flat()];
}

/** What the command line of a server says of it, of this orch or an older one. */
export function readServerArguments(server: TableEntry): { binary: string; ports: Ports; settings: string } {
  const port = (name: string): number => Number(optionOf(server, name) ?? 0);
  const ports = {
    grpc: port('--port'),
    http: port('--http-port'),
    metrics: port('--metrics-port'),
    ui: `${optionOf(server, '--ui-ip') ?? LOOPBACK}:${port('--ui-port')}`,
  };
  return {
    binary: (server.words[0] ?? '').replace(/ server start-dev$/, ''),
    ports,
    settings: settingsId(server.options.filter(([name]) => !PLACES.includes(name))),
  };
}

function settingsId(options: TableEntry['options']): string {
  return createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 16);
}
