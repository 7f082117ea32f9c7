import { fileURLToPath } from 'node:url';

/** The workflow code as one file, made by the build: bundling at start would cost 1 to 3 seconds. */
export const WORKFLOW_BUNDLE = fileURLToPath(new URL('../workflow-bundle.cjs', import.meta.url));
