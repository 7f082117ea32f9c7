import { execFile } from 'node:child_process';
import { messageOf } from './errors.js';

/** What `temporal --version` says. */
export interface TemporalVersion {
  /** Of the command line program; `0.0.0-DEV` where it was built without being told its version. */
  cli: string;
  /** Of the server inside. It is the one that decides about the database's schema. */
  server: string;
}

/** The version that is downloaded or built when none is found. */
export const PINNED_TEMPORAL: TemporalVersion = { cli: '1.5.1', server: '1.29.1' };

/** What a program that was built by a plain `go install` calls itself. */
const UNNAMED = '0.0.0-DEV';

/** Older servers lack what runs rely on: updates with validators and user metadata are on by default from here on. */
const OLDEST_SERVER = '1.27.0';

/** A cold 250 MB program on a slow disk takes seconds. Milliseconds. */
const PROBE_TIMEOUT_MS = 20_000;

/** Asks a program for its version; a string is why it is of no use. */
export async function probeTemporal(path: string): Promise<TemporalVersion | string> {
  const answer = await askVersion(path);
  if (answer instanceof Error) return `it does not run: ${messageOf(answer).split('\n')[0]}`;
  const match = /^temporal version (\S+) \(Server (\d+\.\d+\.\d+\S*?)[,)]/m.exec(answer);
  if (!match?.[1] || !match[2]) return "it is not Temporal's command line program";
  const version = { cli: match[1], server: match[2] };
  return isOlder(version.server, OLDEST_SERVER)
    ? `it is too old: server ${version.server}, at least ${OLDEST_SERVER} is needed`
    : version;
}

/** A version as people are told it. */
export function showVersion(version: TemporalVersion): string {
  const name = version.cli === UNNAMED ? 'own build' : version.cli;
  return `${name} (server ${version.server})`;
}

/** The released program that holds this server, as far as it is known. */
export function releaseOf(version: TemporalVersion): string | undefined {
  if (/^\d+\.\d+\.\d+$/.test(version.cli)) return version.cli;
  return version.server === PINNED_TEMPORAL.server ? PINNED_TEMPORAL.cli : undefined;
}

function askVersion(path: string): Promise<string | Error> {
  return new Promise((resolve) => {
    execFile(path, ['--version'], { timeout: PROBE_TIMEOUT_MS, encoding: 'utf8' }, (error, stdout) => {
      resolve(error ?? stdout);
    });
  });
}

function isOlder(version: string, than: string): boolean {
  const left = version.split('.').map(Number.parseFloat);
  const right = than.split('.').map(Number.parseFloat);
  for (const [index, part] of right.entries()) {
    const difference = (left[index] ?? 0) - part;
    if (difference !== 0) return difference < 0;
  }
  return false;
}
