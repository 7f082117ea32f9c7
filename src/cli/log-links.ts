import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { StepView } from '../contract/run-messages.js';
import { runsDir, stateDir } from '../records/paths.js';
import { newestAttemptDir, streamsIn } from '../records/streams.js';
import type { CliContext } from './context.js';
import type { Styles } from './terminal.js';

/** What has to be known of a step to find its log. */
type LoggedStep = Pick<StepView, 'id' | 'status'> & Partial<Pick<StepView, 'log_dir'>>;

/**
 * The address of the log of a step's last attempt; undefined where this machine has none that says anything.
 *
 * @param parts of a step that still runs, the instances that have logs in its place
 */
export type LogAddress = (runId: string, step: LoggedStep, parts?: readonly string[]) => string | undefined;

/** Milliseconds for which an answer holds: a view asks for each of its rows, five times a second. */
const HOLDS_MS = 1000;

/** Finds logs for the links of a stream; nothing is looked for where that shows none. */
export function logLinks({ env }: Pick<CliContext, 'env'>, { showsLinks }: Pick<Styles, 'showsLinks'>): LogAddress {
  return showsLinks ? logAddresses(stateDir(env), hostname()) : () => undefined;
}

/** @param host the name of this machine */
export function logAddresses(state: string, host: string, now: () => number = () => performance.now()): LogAddress {
  let answers = new Map<string, string | undefined>();
  let asked = -Infinity;
  return (runId, step, parts = []) => {
    if (now() - asked >= HOLDS_MS) {
      answers = new Map();
      asked = now();
    }
    const key = JSON.stringify([runId, step.id, step.status, step.log_dir]);
    if (!answers.has(key)) {
      answers.set(key, addressOf(state, host, runId, step, parts));
    }
    return answers.get(key);
  };
}

/** A link is an extra: where a file cannot be read there is none. */
function addressOf(state: string, host: string, ...of: Parameters<LogAddress>): string | undefined {
  try {
    const log = logOf(state, ...of);
    return log === undefined ? undefined : fileAddress(log, host);
  } catch {
    return undefined;
  }
}

/**
 * A file of this machine as an address. It names the machine, since the terminal may be on another one: there it is no
 * file that could be opened. On Windows a name would make it a share of the network.
 */
function fileAddress(file: string, host: string): string {
  const url = pathToFileURL(file);
  if (process.platform !== 'win32') url.hostname = host;
  return url.href;
}

function logOf(
  state: string,
  ...[runId, { id, status, log_dir }, parts = []]: Parameters<LogAddress>
): string | undefined {
  const folder = log_dir ?? firstOf([id, ...parts], (name) => newestAttemptDir(state, runId, name));
  // A service says where the logs are: what is not among the runs of this machine is not looked at.
  if (folder === undefined || !isWithin(runsDir(state), folder)) return undefined;
  const { stdout, stderr } = streamsIn(folder);
  const files = status === 'failed' ? [stderr, stdout] : [stdout, stderr];
  return files.find((file) => file !== undefined && sizeOf(file) > 0);
}

function firstOf<T>(names: readonly string[], find: (name: string) => T | undefined): T | undefined {
  for (const name of names) {
    const found = find(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isWithin(folder: string, file: string): boolean {
  const way = path.relative(folder, file);
  return way !== '' && !path.isAbsolute(way) && way.split(path.sep, 1)[0] !== '..';
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
