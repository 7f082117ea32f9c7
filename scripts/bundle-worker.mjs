// Bundles the embedded service's worker and the thread that its workflows run in, each into one script: of the time until a
// worker polls most would go into finding and compiling 700 modules, some of which it has no use for.
import path from 'node:path';
import { rolldown } from 'rolldown';
import { messagesLater, withMessages } from './bundled-messages.mjs';
import { writeBundle } from './write-bundle.mjs';

/** How the SDK finds its own dependencies, wherever those are installed. */
const FROM_SDK = "require('node:module').createRequire(require.resolve('@temporalio/worker'))";

/** What is otherwise in the bundles than in the packages: by file, what is replaced and by what. */
const EDITS = {
  // Of bin/worker.js, which has started one before.
  '@temporalio/worker/lib/workflow/threaded-vm.js': [
    "new node_worker_threads_1.Worker(require.resolve('./workflow-worker-thread'))",
    'orchHost.workflowThread()',
  ],
  // It evaluates the workflow code once more, for breakpoints.
  '@temporalio/worker/lib/worker.js': [
    'let script = new vm.Script(code, { filename });',
    `if (!process.env['ORCH_DEBUG']) return { code, sourceMap, filename };
    let script = new vm.Script(code, { filename });`,
  ],
  // What is no JavaScript stays where it is.
  '@temporalio/core-bridge/common.js': [
    "path.resolve(__dirname, 'releases'",
    `path.resolve(path.dirname(${FROM_SDK}.resolve('@temporalio/core-bridge')), 'releases'`,
  ],
  'source-map/lib/read-wasm.js': [
    'path.join(__dirname, "mappings.wasm")',
    `${FROM_SDK}.resolve('source-map/lib/mappings.wasm')`,
  ],
};

/** What only bundles workflow code, or replays it under a debugger. */
const UNUSED = {
  '@temporalio/worker/lib/workflow/bundler.js': 'exports.defaultWorkflowInterceptorModules = [];',
  '@temporalio/worker/lib/debug-replayer/index.js': '',
};

export async function bundleWorker(root, dist) {
  await bundled(path.join(dist, 'service', 'worker-main.js'), path.join(dist, 'bin', 'worker.cjs'), dist);
  const thread = path.join(
    root,
    'node_modules',
    '@temporalio',
    'worker',
    'lib',
    'workflow',
    'workflow-worker-thread.js',
  );
  await bundled(thread, path.join(dist, 'bin', 'workflow-thread.cjs'), dist);
}

async function bundled(input, file, dist) {
  const bundle = await rolldown({
    input,
    platform: 'node',
    plugins: [messagesLater(), placesOf(dist), edited()],
    logLevel: 'warn',
  });
  await writeBundle(file, bundle, (code) => withMessages(code, { client: false }));
}

/** Modules find files by where they are themselves. */
function placesOf(dist) {
  return {
    name: 'places',
    transform: {
      filter: { code: 'import.meta.url' },
      handler(code, id) {
        if (!id.startsWith(dist + path.sep)) return undefined;
        const place = JSON.stringify(path.relative(path.join(dist, 'bin'), id).replaceAll(path.sep, '/'));
        const url = `require('node:url').pathToFileURL(require('node:path').join(__dirname, ${place})).href`;
        return { code: code.replaceAll('import.meta.url', url) };
      },
    },
  };
}

function edited() {
  return {
    name: 'edited',
    transform: {
      filter: { id: /node_modules[\\/](@temporalio[\\/](worker|core-bridge)|source-map)[\\/]/ },
      handler(code, id) {
        const name = id.replaceAll(path.sep, '/').split('/node_modules/').at(-1);
        if (name in UNUSED) return { code: UNUSED[name] };
        if (!(name in EDITS)) return undefined;
        const [from, to] = EDITS[name];
        if (!code.includes(from)) throw new Error(`Internal error: the SDK has changed: ${from}`);
        return { code: code.replace(from, () => to) };
      },
    },
  };
}
