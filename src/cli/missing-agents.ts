import { OrchError } from '../client/errors.js';
import type { PreparedRun } from '../client/prepare.js';
import type { PlanToStart } from '../client/types.js';
import { readNotes } from '../formats/exec-manifest/index.js';
import { checkPlanSet } from '../plan/files/check-set.js';
import { inFile } from '../plan/files/plan-document.js';
import type { Diagnostic } from '../plan/model/diagnostic.js';
import type { CliContext } from './context.js';
import type { PlanFile } from './load-plan.js';

/**
 * Says which agents of a run are not installed here: those of its plan and of all sub-plans, of the steps that are run.
 *
 * @param file whose places are shown; absent where the plan is that of an earlier run
 * @throws OrchError where a task of a manifest could not be done
 */
export async function tellMissingAgents(
  context: CliContext,
  toStart: PlanToStart,
  prepared: Pick<PreparedRun, 'plan' | 'input'>,
  { file, skip = [] }: { file?: PlanFile | undefined; skip?: readonly string[] } = {},
): Promise<void> {
  const missing = await findMissing(context, toStart, prepared, [...skip, ...(prepared.input.left_out ?? [])]);
  if (missing.length === 0) return;
  if (missing.some(({ severity }) => severity === 'error')) {
    throw new OrchError('invalid_plan', missing.map(({ message }) => message).join('\n'), { diagnostics: missing });
  }
  const { showDiagnostics } = await import('./show-diagnostics.js');
  if (file === undefined) return showDiagnostics(context, missing, new Map());
  const { placeDiagnostics } = await import('./place-diagnostics.js');
  await showDiagnostics(context, placeDiagnostics(missing, file), file.texts);
}

async function findMissing(
  context: CliContext,
  toStart: PlanToStart,
  { plan, input }: Pick<PreparedRun, 'plan' | 'input'>,
  skipped: readonly string[],
): Promise<Diagnostic[]> {
  const { missingAgents } = await import('./agents-on-path.js');
  const searchPath = input.env['PATH'] ?? context.env['PATH'] ?? '';
  const left = new Set(skipped);
  const where = { agents: toStart.agents, searchPath };
  const own = missingAgents(plan, { ...where, isManifest: readNotes(plan) !== undefined, runs: (id) => !left.has(id) });
  const checked = checkPlanSet(toStart);
  const below = checked.ok ? [...checked.value.plans] : [];
  return [
    ...own,
    ...below.flatMap(([path, each]) =>
      missingAgents(each, { ...where, isManifest: readNotes(each) !== undefined }).map((found) => inFile(found, path)),
    ),
  ];
}
