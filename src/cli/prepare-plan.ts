import { OrchError } from '../client/errors.js';
import { prepareRun, type PreparedRun } from '../client/prepare.js';
import type { StartOptions } from '../client/types.js';
import { DiagnosticsError } from './errors.js';
import type { PlanFile } from './load-plan.js';
import { placeDiagnostics } from './place-diagnostics.js';

/**
 * Makes a plan's file ready to start. It was checked when it was read.
 *
 * @throws DiagnosticsError with the places in the file of what is wrong with inputs, environment or selection
 */
export function preparePlan(file: PlanFile, options: StartOptions, embedded: boolean): PreparedRun {
  try {
    return prepareRun(file, options, embedded);
  } catch (error) {
    if (!(error instanceof OrchError) || error.diagnostics === undefined) throw error;
    throw new DiagnosticsError(placeDiagnostics(error.diagnostics, file), file.texts);
  }
}
