// Bundles the workflow code into one file, so that a worker starts without bundling.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { asciiOnly } from './write-bundle.mjs';

/**
 * Evaluated once in a worker instead of once in every run: building the schemas of plans and of loops takes longer than
 * all that a short run does. Pure functions, and schemas; nothing in them may remember anything of a run.
 */
const SHARED = ['plan/files/check-set.js', 'loop/check-input.js', 'engine/index.js'];
/** The rooms of those, and of what they import. */
export const PURE = ['basics', 'contract', 'engine', 'loop', 'plan'];

const [LOADER, NATIVE_ENCODING] = ['shared-module-loader.cjs', 'native-encoding-loader.cjs'].map((file) =>
  fileURLToPath(new URL(file, import.meta.url)),
);
/** Of the SDK; what it reads and writes payloads with. */
const ENCODING = fileURLToPath(new URL('encoding.js', import.meta.resolve('@temporalio/common')));

export async function bundleWorkflows(dist) {
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(dist, 'workflows', 'index.js'),
    workflowInterceptorModules: [path.join(dist, 'workflows', 'interceptors.js')],
    preloadModules: SHARED.map((file) => path.join(dist, file)),
    webpackConfigHook: adapt,
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(path.join(dist, 'workflow-bundle.cjs'), asciiOnly(code)); // what it replaces is in texts and comments

  function adapt(config) {
    const include = PURE.map((room) => path.join(dist, room));
    config.module.rules.push({ test: /\.js$/, include, use: LOADER }, { include: ENCODING, use: NATIVE_ENCODING });
    return config;
  }
}
