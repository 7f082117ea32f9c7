import type { Convert } from '../plan/files/converted.js';
import type { LoadedPlans } from '../client/plan-files.js';
import type { PlanTexts } from '../plan/files/plan-text.js';
import type { Diagnostic } from '../plan/model/diagnostic.js';
import type { CliContext } from './context.js';
import { DiagnosticsError, UsageError } from './errors.js';
import { readFormatOptions, type FormatFlags } from './options/format.js';
import { refuseUnknownModes } from './options/pipeline.js';
import { showDiagnostics } from './show-diagnostics.js';
import { nameOf, readStdin } from './stdin.js';
import { defined } from '../basics/defined.js';

/** A plan that was read and checked with its sub-plans, and the texts they came from. */
export interface PlanFile extends LoadedPlans {
  file: string;
  texts: PlanTexts;
  /** What turned files in other formats into plans. */
  convert: Convert;
}

/** What reading and checking a plan file gives: the plan, or why there is none. */
export type PlanFileResult = { texts: PlanTexts; format?: string } & (
  | { ok: true; value: PlanFile }
  | { ok: false; diagnostics: readonly Diagnostic[] }
);

/** How a plan's file is read. */
export interface LoadFlags extends FormatFlags {
  strict?: boolean;
}

/**
 * Reads and checks a plan's file, in whatever known format it is, or stdin (`-`); problems are part of the result.
 *
 * @throws UsageError for an option that the file has no use for
 */
export async function checkPlanFile(context: CliContext, file: string, flags: LoadFlags = {}): Promise<PlanFileResult> {
  const { readPlanFiles } = await import('../client/plan-files.js');
  const { createConverter } = await import('../formats/index.js');
  const { options, texts: others, given } = await readFormatOptions(context, file, flags);
  const convert = createConverter(options);
  const { loaded, texts, format } = await readPlanFiles(nameOf(file), {
    cwd: context.cwd,
    strict: flags.strict === true,
    convert,
    ...(file === '-' && { given: await readStdin(context) }),
  });
  // Diagnostics may be about files that are no plans, too.
  const shown = new Map([...texts, ...others.map((each) => [`option ${each.name}`, each] as const)]);
  const known = defined({ format });
  if (format === 'pipelines') refuseUnknownModes(context, flags);
  if (!loaded.ok) return { ok: false, diagnostics: loaded.error, texts: shown, ...known };
  const idle = given.filter((each) => each.format !== format).map(({ option }) => option);
  if (idle.length > 0) {
    throw new UsageError(
      `${idle.join(', ')}: ${file} is ${format === undefined ? 'a plan' : `in the format ${format}`}, where this has no effect`,
      `leave ${idle.length === 1 ? 'it' : 'them'} out; what a plan does is defined in its file`,
    );
  }
  return { ok: true, value: { ...loaded.value, file, texts, convert }, texts: shown, ...known };
}

/**
 * Reads and checks a plan file; shows its warnings.
 *
 * @throws DiagnosticsError where it is no valid plan.
 */
export async function loadPlanFile(context: CliContext, file: string, flags: LoadFlags = {}): Promise<PlanFile> {
  const result = await checkPlanFile(context, file, flags);
  if (!result.ok) throw new DiagnosticsError(result.diagnostics, result.texts);
  const { diagnostics } = result.value;
  if (diagnostics.length > 0) await showDiagnostics(context, diagnostics, result.texts);
  return result.value;
}
