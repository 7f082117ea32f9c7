import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { callCli, REPO, runCli } from './cli.js';
import { HISTORIES, type CallOrch } from './steered-run.js';

/**
 * Puts orch as it was at an old commit into `root`, and gives a function that calls it: its command, its worker and its
 * workflow code. Only the packages are those of this checkout. `scripts/keep-build.mjs` has kept it.
 */
export function oldBuild(commit: string, root: string): CallOrch {
  mkdirSync(root, { recursive: true });
  const kept = brotliDecompressSync(readFileSync(path.join(HISTORIES, 'builds', `${commit}.tar.br`)));
  execFileSync('tar', ['-x', '-C', root], { input: kept });
  symlinkSync(path.join(REPO, 'node_modules'), path.join(root, 'node_modules'));
  return (args, options) => (args[0] === 'up' ? runCli : callCli)(args, { ...options, root });
}
