import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Env } from '../records/paths.js';
import { errnoOf } from '../host/errno.js';

const PROGRESS_EVERY_MS = 10_000;

/** How much of Go's output is kept for an error message. Characters. */
const KEPT_OUTPUT = 2_000;

/** What a person would type to build a release. */
export function buildCommand(release: string): string {
  return `go install github.com/temporalio/cli/cmd/temporal@v${release}`;
}

/** The version of the Go on PATH, if there is one. */
export function findGo(env: Env): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('go', ['version'], { env: { ...env }, encoding: 'utf8', timeout: 20_000 }, (error, stdout) => {
      resolve(error ? undefined : stdout.trim());
    });
  });
}

/** Builds a release of Temporal's command line program with Go into a folder; returns the program's path. */
export async function buildTemporal(
  env: Env,
  release: string,
  folder: string,
  onProgress: (line: string) => void,
): Promise<string> {
  const started = performance.now();
  const say = () => {
    const elapsed = Math.round((performance.now() - started) / 1000);
    onProgress(`building Temporal ${release} with Go; this happens once and takes a few minutes (${elapsed} s)`);
  };
  say();
  const timer = setInterval(say, PROGRESS_EVERY_MS);
  try {
    await runGo(env, release, folder);
  } finally {
    clearInterval(timer);
  }
  return join(folder, process.platform === 'win32' ? 'temporal.exe' : 'temporal');
}

function runGo(env: Env, release: string, folder: string): Promise<void> {
  // The flags are those of Temporal's own releases: without them the program would not know its version.
  const flags = `-s -w -X github.com/temporalio/cli/temporalcli.Version=${release}`;
  const args = ['install', '-ldflags', flags, `github.com/temporalio/cli/cmd/temporal@v${release}`];
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, {
      env: { ...env, GOBIN: folder, GOOS: '', GOARCH: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT);
    });
    child.on('error', (error) => reject(errnoOf(error) === 'ENOENT' ? new Error('Go is not on PATH') : error));
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`go install failed: ${lastLine(output)}`))));
  });
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
