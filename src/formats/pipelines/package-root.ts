import { quote, type Problem } from '../../plan/problems/problems.js';
import type { PipelinesOptions } from './options.js';
import type { Pipeline, PipelinesFile } from './schema.js';
import { expandStages, stageSetEntries, textOf } from './stages.js';

/** The folder of the tool that files of pipelines were written for; their commands call its scripts by it. */
export const PACKAGE_ROOT = 'CODEX_ORCHESTRATOR_PACKAGE_ROOT';

/** A value for it that is known here; a stage may have one of its own. */
export function packageRootOf({ env = {}, packageRoot }: PipelinesOptions): string | undefined {
  return env[PACKAGE_ROOT] || packageRoot;
}

/** The stages of a pipeline, and of those below it, whose commands would look for scripts at the top of the disk. */
export function missingPackageRoot(file: PipelinesFile, chosen: Pipeline, options: PipelinesOptions): Problem[] {
  if (packageRootOf(options) !== undefined) return [];
  const sets = stageSetEntries(file);
  const found: Problem[] = [];
  const seen = new Set<string>();
  const visit = (pipeline: Pipeline): void => {
    if (seen.has(pipeline.id)) return;
    seen.add(pipeline.id);
    const path = ['pipelines', file.pipelines.indexOf(pipeline)];
    for (const { stage, path: at } of expandStages({ pipeline, path }, sets)) {
      const { command, pipeline: below, env } = stage as { command?: unknown; pipeline?: unknown; env?: object };
      const target = file.pipelines.find(({ id }) => id === below);
      if (target !== undefined) visit(target);
      if (typeof command !== 'string' || !command.includes(PACKAGE_ROOT) || Object.hasOwn(env ?? {}, PACKAGE_ROOT))
        continue;
      found.push(problemOf(textOf(stage['id']), [...at, 'command'], options));
    }
  };
  visit(chosen);
  return found;
}

function problemOf(id: string, path: Problem['path'], { checkOnly = false }: PipelinesOptions): Problem {
  return {
    code: 'missing_name',
    severity: checkOnly ? 'warning' : 'error',
    path,
    message: `stage ${quote(id)} needs ${PACKAGE_ROOT}, which is not set`,
    hint: `install @kbediako/codex-orchestrator beside the file, or set ${PACKAGE_ROOT} to its folder`,
  };
}
