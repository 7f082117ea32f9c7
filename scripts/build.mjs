// Compiles src to dist, and bundles from there the code of the workflows, and the command; and the page from its sources.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleCommand } from './bundle-command.mjs';
import { bundlePage } from './bundle-page.mjs';
import { bundleWorker } from './bundle-worker.mjs';
import { bundleWorkflows } from './bundle-workflows.mjs';
import { writeBuildId } from './write-build-id.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
const require = createRequire(import.meta.url);
const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', path.join(root, 'tsconfig.json')], { stdio: 'inherit' });
await bundleWorkflows(dist);
await bundleCommand(root, dist);
await bundleWorker(root, dist);
await bundlePage(root, dist);
writeBuildId(root, dist);
linkCommand();

/** Lets `npx orch` in this checkout find the command here; npm links only the commands of dependencies. */
function linkCommand() {
  const bin = path.join(root, 'node_modules', '.bin');
  if (process.platform === 'win32' || !existsSync(bin)) return;
  rmSync(path.join(bin, 'orch'), { force: true });
  symlinkSync(path.join('..', '..', 'bin', 'orch.js'), path.join(bin, 'orch'));
}
