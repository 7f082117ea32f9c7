import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkflowBundleOption } from '@temporalio/worker';

/** The workflow code as one file, made by the build: bundling at start would cost 1 to 3 seconds. */
export const WORKFLOW_BUNDLE = fileURLToPath(new URL('../workflow-bundle.cjs', import.meta.url));

/** Where the source map begins, which is the larger part of the file. */
const SOURCE_MAP = '//# sourceMappingURL=data:';

const NO_SOURCES = { version: 3, file: 'workflow-bundle.cjs', sources: [], names: [], mappings: '' };

/**
 * The workflow code of a worker. One that has a key tells it since when everything is signed; not the key itself, which
 * stays out of the sandbox.
 *
 * @param stacks whether errors of workflow code say where they come from, and `__stack_trace` what a run waits for. The
 *   SDK makes a stack for every promise then, which is more than a third of all that workflow code computes, and each
 *   thread keeps the source map.
 */
export function workflowBundle(signedSince: number | undefined, stacks: boolean): WorkflowBundleOption {
  const told = signedSince === undefined ? '' : `globalThis.ORCH_SIGNED_SINCE=${signedSince};`;
  // In the same line, so that the places in stacks stay right.
  if (stacks) return { code: `${told}${readFileSync(WORKFLOW_BUNDLE, 'latin1')}` };
  return { code: `Error.stackTraceLimit=0;${told}${codeAlone()}` };
}

/** The SDK wants a source map, so it gets one of nothing. */
function codeAlone(): string {
  const whole = readFileSync(WORKFLOW_BUNDLE);
  const code = whole.subarray(0, whole.lastIndexOf(SOURCE_MAP)).toString('latin1');
  return `${code}${SOURCE_MAP}application/json;base64,${Buffer.from(JSON.stringify(NO_SOURCES)).toString('base64')}`;
}
