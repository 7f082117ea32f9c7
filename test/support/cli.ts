import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inject } from 'vitest';
import type { runCli as runBuiltCli } from '../../src/cli/program.js';

export const REPO = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const BIN = path.join(REPO, 'bin', 'orch.js');

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  /** Over the environment of a user without any Temporal settings. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  input?: string;
  /** Folder of the orch that is called. Default: this checkout. */
  root?: string;
}

/** Runs the built CLI as a user would, to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).ended;
}

/**
 * Runs a command of the built CLI in this process. What it does, prints and exits with is the same; it takes a tenth of
 * the time, most of which a process of its own spends on its start. For tests of what commands do; those of the
 * process itself (its start, signals, pipes, stdin) take {@link runCli}.
 */
export async function callCli(
  args: readonly string[],
  { env, cwd = REPO, root = REPO, input, terminal = false }: CliOptions & { terminal?: boolean } = {},
): Promise<CliResult> {
  const { runCli: run } = await command(root);
  const [stdout, stderr] = [collector(terminal), collector(terminal)];
  const stdin = Readable.from(input === undefined ? [] : [Buffer.from(input)]);
  const code = await run(args, { env: cleanEnv(env), cwd, stdin, stdout: stdout.stream, stderr: stderr.stream });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

interface Command {
  runCli: typeof runBuiltCli;
}

const loaded = new Map<string, Promise<Command>>();

function command(root: string): Promise<Command> {
  const load = async (): Promise<Command> => {
    const built = pathToFileURL(path.join(root, 'bin', 'command.js')).href;
    const { loadCommand } = (await import(built)) as { loadCommand: () => { command: Command } };
    return loadCommand().command;
  };
  const known = loaded.get(root) ?? load();
  loaded.set(root, known);
  return known;
}

/** @param terminal whether the command takes it for one */
function collector(terminal: boolean): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  if (terminal) Object.assign(stream, { isTTY: true, columns: 200, rows: 50 });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

/** Starts the built CLI, for tests that do something while it runs. */
export function startCli(
  args: readonly string[],
  options: CliOptions = {},
): { child: ChildProcess; output: () => string; ended: Promise<CliResult> } {
  const bin = path.join(options.root ?? REPO, 'bin', 'orch.js');
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: options.cwd ?? REPO,
    env: cleanEnv(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(options.input ?? '');
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, output: () => stdout + stderr, ended };
}

/** The state folder of the service that all test files share, started once by the global setup. */
export function sharedStateDir(): string {
  return inject('stateDir');
}

function cleanEnv(over: CliOptions['env'] = {}): NodeJS.ProcessEnv {
  // Where the tests themselves run in a CI, the command is not to know.
  const { CI: _, GITHUB_ACTIONS: __, GITHUB_STEP_SUMMARY: ___, ...own } = process.env;
  const env: NodeJS.ProcessEnv = { ...own, ORCH_STATE_DIR: sharedStateDir(), NO_COLOR: '1', ...over };
  for (const name of Object.keys(env)) if (name.startsWith('TEMPORAL_') && !(name in over)) delete env[name];
  return env;
}

declare module 'vitest' {
  export interface ProvidedContext {
    stateDir: string;
    temporalBinary: string;
  }
}
