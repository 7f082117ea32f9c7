import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { spawnError, SpawnError } from '../spawn-error.js';

/** What the system looks through where there is no PATH. */
const DEFAULT_PATH = '/bin:/usr/bin';
/** The kernel reads as much of a first line. */
const FIRST_LINE_BYTES = 256;

/**
 * The command as the wrapper is to call it. What can be known to keep it from starting is found here: the shell would
 * only write it to the step's stderr.
 *
 * @throws SpawnError
 */
export async function checkedCommand(
  file: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const found = findExecutable(file, cwd, env['PATH']);
  if (typeof found !== 'string') throw await spawnError({ cause: found }, { file, cwd });
  const interpreter = interpreterOf(found);
  if (interpreter?.endsWith('\r')) {
    throw new SpawnError(`cannot start ${file}: its first line ends with a carriage return (\\r\\n); save it with \\n`);
  }
  if (interpreter !== undefined && typeof findExecutable(interpreter, cwd, '') !== 'string') {
    throw new SpawnError(`cannot start ${file}: its interpreter ${interpreter} cannot be executed`);
  }
  // The shell must not take the name for an option of `exec`, and it has another default than the system.
  return file.startsWith('-') || env['PATH'] === undefined ? found : file;
}

/** The path of an executable file, or why there is none: as execvp(3) has it. */
function findExecutable(file: string, cwd: string, searchPath: string | undefined): string | NodeJS.ErrnoException {
  if (file === '') return errno('ENOENT');
  if (file.includes('/')) return refusal(path.resolve(cwd, file)) ?? path.resolve(cwd, file);
  let worst = errno('ENOENT');
  for (const folder of (searchPath ?? DEFAULT_PATH).split(':')) {
    const candidate = path.resolve(cwd, folder, file);
    const error = refusal(candidate);
    if (error === undefined) return candidate;
    if (error.code === 'EACCES') worst = error;
  }
  return worst;
}

function refusal(file: string): NodeJS.ErrnoException | undefined {
  try {
    if (!statSync(file).isFile()) return errno('EACCES');
    accessSync(file, constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOTDIR' ? errno('ENOENT') : (error as NodeJS.ErrnoException);
  }
}

function errno(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

/** What stands behind `#!`, with the carriage return that may end the line; undefined for a program, and for what may be executed but not read. */
function interpreterOf(file: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    const buffer = Buffer.alloc(FIRST_LINE_BYTES);
    const line = buffer.toString('latin1', 0, readSync(fd, buffer)).split('\n', 1)[0]!;
    const [, program, end = ''] = /^#![ \t]*(\S+).*?(\r)?$/.exec(line) ?? [];
    return program && `${program}${end}`;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
