import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { runGit, topOf } from '../../agents/index.js';
import type { LoopClient } from '../../client/loops.js';
import { readLoopFile, resolveKnobs } from '../../loop/index.js';
import type { CliContext } from '../context.js';
import { defined } from '../../basics/defined.js';

/** What of a repository decides whose loop it is. */
interface Shared {
  remote: string;
  /** Absent: the one that is checked out. */
  branch?: string;
}

/**
 * The id of the loop of a configuration, where none is given. One file has one loop; where its turns go to a shared
 * repository, all clones of it have one loop for each branch.
 *
 * @param git how the loop synchronises; absent where it does not
 */
export async function ownLoopId(
  loops: Pick<LoopClient, 'find'>,
  file: string,
  git: Shared | undefined,
): Promise<string> {
  const shared = git === undefined ? undefined : await sharedId(file, git);
  if (shared === undefined) return idOfFile(file);
  // Loops that were begun before clones had one loop.
  const isOlder = (await loops.find(shared)) === undefined && (await loops.find(idOfFile(file))) !== undefined;
  return isOlder ? idOfFile(file) : shared;
}

/** The loop that a command means that says neither an id nor how the loop synchronises. */
export async function meantLoopId(context: CliContext, loops: Pick<LoopClient, 'find'>, file: string): Promise<string> {
  const { on, ...git } = await gitOf(context, file);
  const shared = await sharedId(file, git);
  const ids = [...(shared === undefined ? [] : [shared]), idOfFile(file)];
  const ordered = on ? ids : ids.toReversed();
  for (const id of ordered) if ((await loops.find(id)) !== undefined) return id;
  return ordered[0]!;
}

/** What the file and the environment say; a file that cannot be read says nothing here, and all to those who load it. */
async function gitOf(context: CliContext, file: string): Promise<Shared & { on: boolean }> {
  const read = readLoopFile(await readFile(file).catch(() => ''), file);
  const knobs = resolveKnobs({ cli: {}, env: context.env, file: read.ok ? read.value.knobs : {} });
  if (!knobs.ok) return { on: false, remote: 'origin' };
  const { git, remote, branch } = knobs.value;
  return {
    on: git.value,
    remote: remote.value,
    ...defined({ branch: branch.value }),
  };
}

function idOfFile(file: string): string {
  return idOf(path.basename(path.dirname(file)), file);
}

/** The same in every clone: by the address of the remote, the branch, and where the file is in the repository. */
async function sharedId(file: string, { remote, branch }: Shared): Promise<string | undefined> {
  const dir = path.dirname(file);
  const top = await topOf(dir);
  if (top === undefined) return undefined;
  const url = (await runGit(top, ['remote', 'get-url', remote])).stdout.trim();
  const on = branch ?? (await runGit(top, ['symbolic-ref', '--quiet', '--short', 'HEAD'])).stdout.trim();
  if (url === '' || on === '') return undefined;
  const place = path.relative(top, path.join(realpathSync(dir), path.basename(file)));
  const address = addressOf(url);
  return idOf(address.slice(address.lastIndexOf('/') + 1), `${address}\0${on}\0${place}`);
}

/** One repository may be reached by several spellings: with a user or without, by ssh or by https. */
export function addressOf(url: string): string {
  const scp = /^(?:[^@/]+@)?([^/:]+):(?!\/\/)(.+)$/.exec(url);
  const plain = scp === null ? url.replace(/^[a-z+]+:\/\/(?:[^@/]+@)?/i, '') : `${scp[1]}/${scp[2]}`;
  const [host = '', ...rest] = plain
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/');
  return [host.toLowerCase().replace(/:\d+$/, ''), ...rest.filter((part) => part !== '')].join('/');
}

function idOf(name: string, what: string): string {
  const readable = name.replaceAll(/[^A-Za-z0-9_.-]/g, '-') || 'root';
  return `loop-${readable}-${createHash('sha256').update(what).digest('hex').slice(0, 8)}`;
}
