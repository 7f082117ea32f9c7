import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { callCli, REPO, runCli } from './cli.js';
import { HISTORIES, type CallOrch } from './steered-run.js';

/**
 * Puts orch with the workflow code of an old build into `root`, and gives a function that calls it. What decides about
 * runs is that of the old build; the command and the activities are those of this checkout, as in a worker that is being
 * upgraded: what crosses between the two must fit.
 */
export function oldBuild(commit: string, root: string): CallOrch {
  mkdirSync(root, { recursive: true });
  for (const name of ['bin', 'dist', 'schemas', 'package.json'])
    cpSync(path.join(REPO, name), path.join(root, name), { recursive: true });
  symlinkSync(path.join(REPO, 'node_modules'), path.join(root, 'node_modules'));
  const kept = readFileSync(path.join(HISTORIES, 'builds', `${commit}.workflow-bundle.cjs.gz`));
  writeFileSync(path.join(root, 'dist', 'workflow-bundle.cjs'), gunzipSync(kept));
  return (args, options) => (args[0] === 'up' ? runCli : callCli)(args, { ...options, root });
}
