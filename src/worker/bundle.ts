import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkflowBundleOption } from '@temporalio/worker';

/** The workflow code as one file, made by the build: bundling at start would cost 1 to 3 seconds. */
export const WORKFLOW_BUNDLE = fileURLToPath(new URL('../workflow-bundle.cjs', import.meta.url));

/**
 * The workflow code of a worker. One that has a key tells it since when everything is signed; not the key itself, which
 * stays out of the sandbox.
 */
export function workflowBundle(signedSince: number | undefined): WorkflowBundleOption {
  if (signedSince === undefined) return { codePath: WORKFLOW_BUNDLE };
  // In the same line, so that the places in stacks stay right.
  return { code: `globalThis.ORCH_SIGNED_SINCE=${signedSince};${readFileSync(WORKFLOW_BUNDLE, 'utf8')}` };
}
