import { isMap } from '../../plan/problems/paths.js';
import type { Format, FormatSource } from '../format.js';
import { checkManifest } from './check.js';
import { convertManifest } from './convert.js';
import type { ExecManifestOptions } from './options.js';
import { readProsePlan } from './prose-plan.js';

export { JOINT_TAG } from './convert.js';
export { readNotes, taskWaves, type ManifestNotes } from './manifest-notes.js';
export { manifestJsonSchema, type Mode } from './manifest.js';
export type { ExecManifestOptions } from './options.js';

/** Keys that no manifest has, and other files do. */
const FOREIGN_KEYS = ['plan_id', 'steps', 'pipelines', 'stageSets'];
/** Keys that no plan has. */
const OWN_KEYS = ['stages', 'max_parallel', 'timeout_per_task'];

/** Execution manifests (`NAME.exec.yaml`): tasks for coding agents in stages. */
export const execManifest: Format<ExecManifestOptions> = {
  name: 'exec-manifest',
  recognise({ document, path }: FormatSource): boolean {
    const named = /\.exec\.(ya?ml|json)$/i.test(path);
    if (!isMap(document)) return named;
    if (FOREIGN_KEYS.some((key) => Object.hasOwn(document, key))) return false;
    return named || OWN_KEYS.some((key) => Object.hasOwn(document, key));
  },
  convert({ document, path }, options) {
    const checked = checkManifest(document);
    const prose = options.plan === undefined ? undefined : readProsePlan(options.plan.text, options.plan.name);
    const found = [...(checked.ok ? [] : checked.error), ...(prose?.diagnostics ?? [])];
    if (!checked.ok || found.some(({ severity }) => severity === 'error')) return { parts: {}, diagnostics: found };
    const plan = convertManifest(checked.value, path, options, (task) => prose?.taskOf(task));
    return { plan, parts: {}, diagnostics: found };
  },
};
