import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { REPO } from '../support/cli.js';

const EXAMPLES = path.join(REPO, 'examples');

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Gives a new folder with an awkward name, and removes it with everything in it. */
export function temporaryFolders(): { make: () => string; removeAll: () => void } {
  const made: string[] = [];
  return {
    make: () => {
      const folder = mkdtempSync(path.join(os.tmpdir(), `orch it's a "folder" $HOME `));
      made.push(folder);
      return folder;
    },
    removeAll: () => {
      for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs one of the examples' shell scripts. */
export function sh(script: string, args: readonly string[], cwd = REPO): Ended {
  return run('sh', [path.join(EXAMPLES, script), ...args], cwd);
}

/** Runs one of the examples' Node scripts. */
export function node(script: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Ended {
  return run(process.execPath, [path.join(EXAMPLES, script), ...args], cwd, env);
}

/** Output of git in a repository, without the newline at its end. */
export function git(repo: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: repo, encoding: 'utf8', env: gitEnv() }).trimEnd();
}

/** Like `git`, for commands that may fail. */
export function tryGit(repo: string, ...args: string[]): Ended {
  return run('git', args, repo);
}

function run(file: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Ended {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd, encoding: 'utf8', env: { ...gitEnv(), ...env } });
  return { code: status, stdout, stderr };
}

/** Tests may run inside a git hook, which points git at this repository. */
function gitEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX)$/.test(name)),
  );
}
