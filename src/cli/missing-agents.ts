import type { PreparedRun } from '../client/prepare.js';
import { readNotes } from '../formats/exec-manifest/index.js';
import { inFile } from '../plan/files/plan-document.js';
import type { Diagnostic } from '../plan/model/diagnostic.js';
import type { CliContext } from './context.js';
import { DiagnosticsError } from './errors.js';
import type { PlanFile } from './load-plan.js';

/**
 * Says which agents of a run are not installed here: those of its plan and of all sub-plans, of the steps that are run.
 *
 * @param file whose places are shown; absent where the plan is that of an earlier run
 * @throws DiagnosticsError where a task of a manifest could not be done
 */
export async function tellMissingAgents(
  context: CliContext,
  prepared: PreparedRun,
  { file, skip = [] }: { file?: PlanFile | undefined; skip?: readonly string[] } = {},
): Promise<void> {
  const found = await findMissing(context, prepared, [...skip, ...(prepared.input.left_out ?? [])]);
  if (found.length === 0) return;
  const { placeDiagnostics } = await import('./place-diagnostics.js');
  const missing = file === undefined ? found : placeDiagnostics(found, file);
  if (found.some(({ severity }) => severity === 'error')) throw new DiagnosticsError(missing, file?.texts);
  const { showDiagnostics } = await import('./show-diagnostics.js');
  await showDiagnostics(context, missing, file?.texts);
}

async function findMissing(
  context: CliContext,
  { plan, subPlans, input }: PreparedRun,
  skipped: readonly string[],
): Promise<Diagnostic[]> {
  const { missingAgents } = await import('./agents-on-path.js');
  const where = { agents: input.agents, searchPath: input.env['PATH'] ?? context.env['PATH'] ?? '' };
  const left = new Set(skipped);
  const own = missingAgents(plan, { ...where, isManifest: readNotes(plan) !== undefined, runs: (id) => !left.has(id) });
  const below = [...subPlans].flatMap(([path, each]) =>
    missingAgents(each, { ...where, isManifest: readNotes(each) !== undefined }).map((found) => inFile(found, path)),
  );
  return [...own, ...below];
}
