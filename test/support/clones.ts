import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempDir } from './plans.js';

/** A clone of a bare repository, as one machine has it. */
export interface Clone {
  dir: string;
  git(...args: string[]): string;
  write(name: string, text: string | Uint8Array): void;
  /** Writes a file, commits it and, unless told otherwise, pushes it. */
  commit(name: string, text: string, push?: boolean): void;
}

/** A bare repository with a first commit on `main`, and clones of it. */
export function sharedRepository(): { bare: string; clone(name: string): Clone } {
  const root = tempDir();
  const bare = path.join(root, 'shared.git');
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  const cloneAs = (name: string): Clone => {
    const dir = path.join(root, name);
    execFileSync('git', ['clone', '--quiet', bare, dir], { stdio: 'ignore' });
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: dir, stdio: 'pipe' }).toString();
    git('config', 'user.name', name);
    git('config', 'user.email', `${name}@localhost`);
    const write = (file: string, text: string | Uint8Array): void => {
      const absolute = path.join(dir, file);
      mkdirSync(path.dirname(absolute), { recursive: true });
      writeFileSync(absolute, text);
    };
    return {
      dir,
      git,
      write,
      commit(file, text, push = true) {
        write(file, text);
        git('add', '--all');
        git('commit', '--quiet', '-m', `${name}: ${file}`);
        if (push) git('push', '--quiet', 'origin', 'HEAD:refs/heads/main');
      },
    };
  };
  const seed = cloneAs('seed');
  seed.git('checkout', '-q', '-B', 'main');
  seed.commit('src/code.py', 'print(1)\n');
  return { bare, clone: cloneAs };
}
