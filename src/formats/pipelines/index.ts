import { isMap } from '../../plan/problems/paths.js';
import { toDiagnostic, tooMany } from '../../plan/problems/problems.js';
import type { Format, FormatSource } from '../format.js';
import { checkPipelines } from './check.js';
import { choosePipeline } from './choose.js';
import { withoutComments } from './comments.js';
import { convertPipelines } from './convert.js';
import type { PipelinesOptions } from './options.js';
import { missingPackageRoot } from './package-root.js';
import type { PipelinesFile } from './schema.js';

export type { PipelinesOptions } from './options.js';

/** Files of pipelines (`codex.orchestrator.json`): commands one after the other, and pipelines below pipelines. */
export const pipelines: Format<PipelinesOptions> = {
  name: 'pipelines',
  prepare: withoutComments,
  recognise({ document }: FormatSource): boolean {
    if (!isMap(document) || !Object.hasOwn(document, 'pipelines')) return false;
    return !Object.hasOwn(document, 'plan_id') && !Object.hasOwn(document, 'steps');
  },
  convert({ document, path }, options) {
    const { found, more } = checkPipelines(document);
    const diagnostics = more > 0 ? [...found, tooMany(more)] : found;
    if (found.some(({ severity }) => severity === 'error')) return { parts: {}, diagnostics };
    // Not zod's copy: it is the same but for the keys that are free.
    const file = document as PipelinesFile;
    const chosen = choosePipeline(file, options);
    if (!chosen.ok) return { parts: {}, diagnostics: [...diagnostics, toDiagnostic(chosen.error)] };
    const missing = missingPackageRoot(file, chosen.value, options).map(toDiagnostic);
    const all = [...diagnostics, ...missing];
    if (missing.some(({ severity }) => severity === 'error')) return { parts: {}, diagnostics: all };
    return { ...convertPipelines(file, chosen.value, path, options), diagnostics: all };
  },
};
