import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { SecretSource } from '../plan/model/secret-source.js';
import { MIN_SECRET_LENGTH } from './spellings.js';
import { defined } from '../basics/defined.js';

/** Bytes of a secret, at most: what goes into an environment must fit there. */
const MAX_BYTES = 64 * 1024;
/** Milliseconds that a command may take to print a secret. */
const COMMAND_MS = 30_000;

/** A secret could not be had. The message names it and its source, never a value or what a command printed. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
}

/** Where secrets are looked for. */
export interface SecretContext {
  /** The worker's own environment. */
  env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative files count from, and in which commands run. */
  cwd: string;
  signal?: AbortSignal;
}

/**
 * Finds the value of a secret. One newline at its end is cut off, as a shell's `$(…)` does.
 *
 * @throws SecretError
 */
export async function resolveSecret(name: string, source: SecretSource, context: SecretContext): Promise<string> {
  const value = (await valueOf(name, source, context)).replace(/\r?\n$/, '');
  if (value.length < MIN_SECRET_LENGTH) {
    const what =
      value === ''
        ? 'it is empty'
        : `it has fewer than ${MIN_SECRET_LENGTH} characters, too few to be kept out of logs`;
    throw new SecretError(`the secret '${name}' (${describeSource(source)}) cannot be used: ${what}`);
  }
  if (Buffer.byteLength(value) > MAX_BYTES || value.includes('\0')) {
    const what = value.includes('\0') ? 'it holds a NUL character' : `it has more than ${MAX_BYTES} bytes`;
    throw new SecretError(`the secret '${name}' (${describeSource(source)}) cannot be used: ${what}`);
  }
  return value;
}

async function valueOf(name: string, source: SecretSource, context: SecretContext): Promise<string> {
  if (source.env !== undefined) {
    const value = context.env[source.env];
    if (value !== undefined) return value;
    throw new SecretError(
      `the secret '${name}' is missing: ${source.env} is not set in the environment of the worker, which is that of the command that started it. For the embedded one: \`orch down\`, then \`orch up\` with the variable set; or take the secret from a file or a command`,
    );
  }
  try {
    if (source.file !== undefined) return await readFile(path.resolve(context.cwd, source.file), 'utf8');
    return await printed(source.command ?? [], context);
  } catch (error) {
    throw new SecretError(`the secret '${name}' is missing: ${describeSource(source)} ${whatFailed(error)}`);
  }
}

async function printed(command: string | readonly string[], { env, cwd, signal }: SecretContext): Promise<string> {
  const [file = '', ...args] = typeof command === 'string' ? ['sh', '-c', command] : command;
  const { stdout } = await promisify(execFile)(file, args, {
    cwd,
    env,
    timeout: COMMAND_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_BYTES + 2,
    ...defined({ signal }),
  });
  return stdout;
}

function describeSource({ env, file, command }: SecretSource): string {
  if (env !== undefined) return `variable ${env}`;
  if (file !== undefined) return `file ${file}`;
  return `command ${typeof command === 'string' ? command : (command ?? []).join(' ')}`;
}

/** Not the error's own text: that of a command quotes what it printed. */
function whatFailed(error: unknown): string {
  const { code, killed, signal } = error as { code?: string | number; killed?: boolean; signal?: string };
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `printed more than ${MAX_BYTES} bytes`;
  if (killed) return `took longer than ${COMMAND_MS / 1000} s`;
  if (typeof code === 'number') return `ended with code ${code}`;
  if (signal) return `was ended by ${signal}`;
  return `failed (${code ?? 'unknown error'})`;
}
