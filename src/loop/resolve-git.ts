import type { KnobName, KnobValues, Resolved } from './knobs.js';
import type { GitSettings } from './types.js';
import { defined } from '../basics/defined.js';

/** All knobs of a loop, each with where its value is from. */
export type Knobs = { readonly [K in KnobName]: Resolved<KnobValues[K]> };

/** How the loop works with its shared repository. */
export function gitOf(knobs: Knobs): GitSettings {
  const { branch } = knobs;
  const stateFile = fileOrNone(knobs.state_file.value);
  const dirs = [knobs.logs_dir.value, knobs.tmp_dir.value].map((dir) => `${dir.replace(/\/+$/, '')}/**`);
  const own = [knobs.findings_file.value, knobs.input_file.value, ...(stateFile === undefined ? [] : [stateFile])];
  return {
    remote: knobs.remote.value,
    ...defined({ branch: branch.value }),
    dirty: knobs.dirty.value,
    ...(knobs.force_add_reports.value ? { force_add_reports: true } : {}),
    ...(knobs.dry_run.value ? { dry_run: true } : {}),
    rules: {
      docs: { globs: [...new Set([...knobs.doc_whitelist.value, ...own])], max_file_bytes: knobs.max_doc_bytes.value },
      reports: {
        globs: knobs.report_globs.value,
        extensions: extensions(knobs.report_extensions.value),
        max_file_bytes: knobs.max_report_file_bytes.value,
        max_total_bytes: knobs.max_report_total_bytes.value,
        skip: dirs,
      },
      outputs: {
        globs: knobs.tracked_output_globs.value,
        extensions: extensions(knobs.tracked_output_extensions.value),
        max_file_bytes: knobs.max_tracked_output_file_bytes.value,
        max_total_bytes: knobs.max_tracked_output_total_bytes.value,
      },
    },
  };
}

function extensions(given: readonly string[]): string[] {
  return given.map((each) => (each.startsWith('.') ? each : `.${each}`).toLowerCase());
}

/** A file that may be set to `none`. */
export function fileOrNone(name: string | undefined): string | undefined {
  return name === 'none' ? undefined : name;
}
