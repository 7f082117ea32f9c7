import { findCycles } from '../../plan/graph/cycles.js';
import { isMap } from '../../plan/problems/paths.js';
import { collectProblems, quote, typeName, type Problem, type Problems } from '../../plan/problems/problems.js';
import { addSchemaIssues, type SchemaWords } from '../../plan/schema/issues.js';
import { didYouMean } from '../../plan/problems/suggest.js';
import { isMode, MODE_HINT } from './execution-mode.js';
import { pipelinesSchema } from './schema.js';
import { isPlainId, plainId } from './step-ids.js';
import { expandStages, pipelineEntries, stageEntries, stageSetEntries, textOf, type StageEntry } from './stages.js';

type Path = readonly PropertyKey[];

const WORDS: SchemaWords = {
  schema: pipelinesSchema,
  notADocument: (value) => notPipelines(typeName(value)),
  // No file has a version; an unknown key is told as such.
  wrongVersion: () => notPipelines('one with a version'),
  // The tool that the files were written for takes no notice of them.
  onlyWarns: true,
  strangeKey: (_parent, key) => ({ hint: `it has no effect: remove it, or name it ${quote(`x-${key}`)}` }),
};

function notPipelines(what: string): Problem {
  return { code: 'wrong_type', path: [], message: `a file of pipelines is a map with pipelines, not ${what}` };
}

/** Finds everything that is wrong with a document of pipelines, before any of it runs. */
export function checkPipelines(source: unknown): Problems {
  const problems = collectProblems();
  const parsed = pipelinesSchema.safeParse(source);
  if (!parsed.success) addSchemaIssues(parsed.error.issues, source, problems, WORDS);
  if (!isMap(source)) return problems;
  checkSets(source, problems);
  checkIds(source, problems);
  checkReferences(source, problems);
  checkRecursion(source, problems);
  return problems;
}

/** A set holds stages only; and the stages that are written once are looked at once. */
function checkSets(source: Record<string, unknown>, problems: Problems): void {
  const sets = stageSetEntries(source);
  for (const entries of sets.values()) {
    for (const { stage, path } of entries) {
      checkModes(stage, path, problems);
      if (stage['kind'] !== 'stage-set') continue;
      problems.add({
        code: 'nested_stage_set',
        path: [...path, 'ref'],
        message: `a stage set cannot hold the stage set ${quote(stage['ref'])}`,
        hint: 'write its stages here, or name both sets in the pipeline',
      });
    }
    checkUnique(entries, 'stage', problems);
  }
  for (const { stage, path } of ownStages(source)) {
    checkModes(stage, path, problems);
    const ref = stage['ref'];
    if (stage['kind'] !== 'stage-set' || typeof ref !== 'string' || ref === '' || sets.has(ref)) continue;
    const known = [...sets.keys()];
    problems.add({
      code: 'unknown_stage_set',
      path: [...path, 'ref'],
      message: `there is no stage set ${quote(ref)}`,
      hint: didYouMean(ref, known) ?? (known.length === 0 ? 'the file has no stageSets' : `known: ${listed(known)}`),
    });
  }
  checkMode(source['executionMode'], ['executionMode'], problems);
}

function ownStages(source: Record<string, unknown>): StageEntry[] {
  return pipelineEntries(source).flatMap(({ pipeline, path }) => stageEntries(pipeline['stages'], [...path, 'stages']));
}

function checkModes(stage: Record<string, unknown>, path: Path, problems: Problems): void {
  checkMode(stage['executionMode'], [...path, 'executionMode'], problems);
  checkMode(stage['mode'], [...path, 'mode'], problems);
  const { plan } = stage;
  if (isMap(plan)) checkMode(plan['executionMode'], [...path, 'plan', 'executionMode'], problems);
}

function checkMode(value: unknown, path: Path, problems: Problems): void {
  if (typeof value !== 'string' || isMode(value)) return;
  problems.add({
    code: 'invalid_value',
    path,
    message: `${quote(value)} is not an execution mode`,
    hint: didYouMean(value, ['mcp', 'cloud']) ?? MODE_HINT,
  });
}

function checkIds(source: Record<string, unknown>, problems: Problems): void {
  const pipelines = pipelineEntries(source);
  const sets = stageSetEntries(source);
  checkUnique(
    pipelines.map(({ pipeline, path }) => ({ stage: pipeline, path })),
    'pipeline',
    problems,
  );
  for (const entry of pipelines) checkUnique(expandStages(entry, sets), 'stage', problems);
}

/** Ids become folders, so those that differ only by case are duplicates too. What a set repeats in itself is told there. */
function checkUnique(entries: readonly StageEntry[], what: 'stage' | 'pipeline', problems: Problems): void {
  const seen = new Map<string, StageEntry>();
  for (const entry of entries) {
    const id = entry.stage['id'];
    if (typeof id !== 'string') continue;
    const first = seen.get(id.toLowerCase());
    if (first === undefined) {
      seen.set(id.toLowerCase(), entry);
      if (entry.via === undefined) warnOfOtherName(id, entry, what, problems);
      continue;
    }
    if (entry.via !== undefined && entry.via === first.via) continue;
    const taken = textOf(first.stage['id']);
    // What a set brings in cannot be called otherwise in one place: it gets a number.
    const renamed = entry.via !== undefined || first.via !== undefined;
    problems.add({
      code: 'duplicate_id',
      ...(renamed ? { severity: 'warning' as const } : {}),
      path: entry.via ?? [...entry.path, 'id'],
      message:
        taken === id
          ? `duplicate ${what} id ${quote(id)}${entry.via === undefined ? '' : ': a stage of this set has it'}`
          : `the ${what} id ${quote(id)} differs from ${quote(taken)} only by case`,
      hint: renamed
        ? 'here its step has a number behind its id'
        : 'give each its own id: runs are continued, and logs are found, by it',
      related: [
        { message: 'first used here', path: [...first.path, 'id'] },
        ...(entry.via === undefined ? [] : [{ message: 'and here, in the set', path: [...entry.path, 'id'] }]),
      ],
    });
  }
}

/** Ids are names of folders here. */
function warnOfOtherName(id: string, { path }: StageEntry, what: 'stage' | 'pipeline', problems: Problems): void {
  if (id === '' || isPlainId(id)) return;
  const called = what === 'stage' ? 'its step' : 'its plan';
  problems.add({
    code: 'invalid_id',
    severity: 'warning',
    path: [...path, 'id'],
    message: `the ${what} id ${quote(id)} is not a valid folder name`,
    hint: `${called} is called ${quote(plainId(id))}`,
  });
}

/** Pipelines that the tool brings itself, which files of its users may name without having them. */
const BUILT_IN = ['diagnostics', 'design-reference', 'hi-fi-design-toolkit'];

/** What is said of a pipeline that is not in the file: the one that was meant, or whose it is. */
export function missingPipelineHint(id: string, known: readonly string[]): string | undefined {
  const near = didYouMean(id, known);
  if (near !== undefined || !BUILT_IN.includes(id)) return near;
  return `codex-orchestrator brings it along, orch does not: copy its stages into the file, or run ${listed(known)}`;
}

function checkReferences(source: Record<string, unknown>, problems: Problems): void {
  const known = pipelineEntries(source).map(({ pipeline }) => textOf(pipeline['id']));
  const check = (id: unknown, path: Path, optional = false): void => {
    if (typeof id !== 'string' || id === '' || known.includes(id)) return;
    problems.add({
      code: 'unknown_pipeline',
      ...(optional ? { severity: 'warning' as const } : {}),
      path,
      message: `there is no pipeline ${quote(id)}${optional ? ': the stage is skipped' : ''}`,
      hint: missingPipelineHint(id, known) ?? `there is ${listed(known)}`,
    });
  };
  check(source['defaultPipeline'], ['defaultPipeline']);
  for (const { stage, path } of [...ownStages(source), ...[...stageSetEntries(source).values()].flat()]) {
    if (stage['kind'] === 'subpipeline') check(stage['pipeline'], [...path, 'pipeline'], stage['optional'] === true);
  }
}

/** Pipelines that come to run themselves, directly or through others, each circle with all its edges. */
function checkRecursion(source: Record<string, unknown>, problems: Problems): void {
  const sets = stageSetEntries(source);
  const pipelines = pipelineEntries(source);
  const position = new Map(pipelines.map(({ pipeline }, index) => [pipeline['id'], index]));
  const calls = pipelines.map((entry) =>
    expandStages(entry, sets).flatMap(({ stage, path }) => {
      const target = stage['kind'] === 'subpipeline' ? position.get(stage['pipeline']) : undefined;
      return target === undefined ? [] : [{ target, id: stage['id'], path: [...path, 'pipeline'] }];
    }),
  );
  const edges = calls.map((list) => list.map(({ target }) => target));
  const selves = edges.flatMap((targets, index) => (targets.includes(index) ? [[index]] : []));
  const nameOf = (index: number): string => textOf(pipelines[index]!.pipeline['id']);
  for (const cycle of [...selves, ...findCycles(edges)]) {
    const related = cycle.map((from, place) => {
      const to = cycle[(place + 1) % cycle.length]!;
      const { id, path } = calls[from]!.find(({ target }) => target === to)!;
      return { message: `stage ${quote(id)} of ${quote(nameOf(from))} runs ${quote(nameOf(to))}`, path };
    });
    const said = cycle.length === 1 ? 'this pipeline runs itself' : 'these pipelines run each other';
    problems.add({
      code: 'recursive_pipeline',
      path: related[0]!.path,
      message: `${said}, endlessly: ${[...cycle, cycle[0]!].map(nameOf).join(' → ')}`,
      hint: 'remove one of these stages',
      related,
    });
  }
}

/** Some of many names. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => quote(name));
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ');
}
