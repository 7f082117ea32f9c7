import { stat } from 'node:fs/promises';
import path from 'node:path';

/** A process could not be started. `message` says what is missing. */
export class SpawnError extends Error {
  override readonly name = 'SpawnError';
}

/** What a process was to be started with. */
interface Given {
  file: string;
  cwd: string;
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** Tells the reasons apart that the system lumps together: ENOENT may mean the command or its folder. */
export async function spawnError(result: { cause?: unknown }, given: Given): Promise<SpawnError> {
  const { file, cwd } = given;
  const folder = await stat(cwd).catch(() => undefined);
  if (folder === undefined) return new SpawnError(`the working directory does not exist: ${cwd}`);
  if (!folder.isDirectory()) return new SpawnError(`the working directory is not a directory: ${cwd}`);
  const cause = result.cause as NodeJS.ErrnoException | undefined;
  switch (cause?.code) {
    case 'ENOENT':
      return new SpawnError(
        path.basename(file) === file
          ? `command not found: ${file} (no such program on the step's PATH)`
          : `command not found: ${file}`,
      );
    case 'EACCES':
      return new SpawnError(`permission denied: ${file} is not executable, or ${cwd} cannot be entered`);
    case 'E2BIG':
      return new SpawnError(`${tooLarge(given)}; pass data by stdin or a file`);
    default:
      return new SpawnError(`cannot start ${file}: ${cause?.message ?? 'unknown error'}`);
  }
}

/** Says which part it is, by its name: its text may be anything. */
function tooLarge({ args = [], env = {} }: Given): string {
  const parts = [
    ...args.map((arg, index): [string, number] => [`argument ${index + 1}`, Buffer.byteLength(arg)]),
    ...Object.entries(env).map(([name, value]): [string, number] => [`the variable ${name}`, Buffer.byteLength(value)]),
  ];
  const [name, bytes] = parts.reduce((most, part) => (part[1] > most[1] ? part : most), ['', 0]);
  const all = 'the arguments and environment are too large for the system';
  return name === '' ? all : `${all}; the largest of them is ${name}, with ${Math.ceil(bytes / 1024)} KiB`;
}
