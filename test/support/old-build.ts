import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { callCli, REPO, runCli } from './cli.js';
import { HISTORIES, type CallOrch } from './steered-run.js';

/**
 * Puts orch with the workflow code of an old build into `root`, and gives a function that calls it. What decides about
 * runs is that of the old build; the command and the activities are those of this checkout, as in a worker that is being
 * upgraded: what crosses between the two must fit. Only what the command starts runs with is the old build's, too.
 */
export function oldBuild(commit: string, root: string): CallOrch {
  mkdirSync(root, { recursive: true });
  for (const name of ['bin', 'dist', 'schemas', 'package.json'])
    cpSync(path.join(REPO, name), path.join(root, name), { recursive: true });
  symlinkSync(path.join(REPO, 'node_modules'), path.join(root, 'node_modules'));
  const kept = readFileSync(path.join(HISTORIES, 'builds', `${commit}.workflow-bundle.cjs.gz`));
  const code = gunzipSync(kept).toString();
  writeFileSync(path.join(root, 'dist', 'workflow-bundle.cjs'), withNamedMap(code));
  const command = path.join(root, 'dist', 'bin', 'orch.cjs');
  const version = /\bENGINE_VERSION=(\d+)/.exec(code)![1];
  writeFileSync(command, replaced(readFileSync(command, 'utf8'), /\bengine_version:\d+/g, `engine_version:${version}`));
  rmSync(`${command}.cache`);
  return (args, options) => (args[0] === 'up' ? runCli : callCli)(args, { ...options, root });
}

/** The SDK wants to know the file of a source map where the code is not read from a file; the kept ones name none. */
function withNamedMap(code: string): string {
  const at = code.lastIndexOf('base64,') + 'base64,'.length;
  const map = JSON.parse(Buffer.from(code.slice(at), 'base64').toString()) as object;
  const named = Buffer.from(JSON.stringify({ ...map, file: 'workflow-bundle.cjs' })).toString('base64');
  return code.slice(0, at) + named;
}

function replaced(text: string, pattern: RegExp, by: string): string {
  const changed = text.replace(pattern, by);
  if (changed === text) throw new Error(`the command has no ${pattern.source}`);
  return changed;
}
