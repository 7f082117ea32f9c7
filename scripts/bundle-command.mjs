// Bundles the command and what it imports into one script, with V8's code cache next to it: `orch status` would spend
// most of its time on finding and compiling some 1,500 small modules. bin/orch.js runs the script.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { messagesLater, withMessages } from './bundled-messages.mjs';
import { writeBundle } from './write-bundle.mjs';

/** Left where it is: it loads native code and starts threads from files of its own. */
const NOT_BUNDLED = [/^@temporalio\/(worker|core-bridge|testing)(\/|$)/, /\/worker\/run-worker\.js$/];

export async function bundleCommand(root, dist) {
  const file = path.join(dist, 'bin', 'orch.cjs');
  const bundle = await rolldown({
    input: path.join(dist, 'cli', 'main.js'),
    platform: 'node',
    external: NOT_BUNDLED,
    plugins: [messagesLater()],
    logLevel: 'warn',
  });
  await writeBundle(file, bundle, (code) => withMessages(importsByCall(loadsLater(code)), { client: true }));
  execFileSync(process.execPath, [path.join(root, 'scripts', 'write-code-cache.mjs')], { cwd: root, stdio: 'inherit' });
}

/** See `importModule` of bin/command.js, which `orchHost` is given. */
function importsByCall(code) {
  const called = code.replace(/\bimport\((?=[`'"](?:\.\.\/|node:))/g, 'orchHost.importModule(');
  if (called === code) throw new Error('Internal error: the command imports no worker');
  return called;
}

/** Modules of Node that take it milliseconds to load, and that most commands have no use for. See `loadLater` of bin/command.js. */
const LATER = ['child_process', 'perf_hooks', 'readline'];

function loadsLater(code) {
  return code.replace(
    new RegExp(`\\brequire\\("(?:node:)?(${LATER.join('|')})"\\)`, 'g'),
    'orchHost.loadLater("node:$1")',
  );
}
