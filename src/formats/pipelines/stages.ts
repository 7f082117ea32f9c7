import { isMap } from '../../plan/problems/paths.js';

type Path = readonly PropertyKey[];

/** A stage of a document that may be wrong anywhere, and where it is written. */
export interface StageEntry {
  stage: Record<string, unknown>;
  path: Path;
  /** Where the pipeline names the set that it comes from. */
  via?: Path;
}

/** A pipeline of a document that may be wrong anywhere. */
export interface PipelineEntry {
  pipeline: Record<string, unknown>;
  path: Path;
}

/** The pipelines of a document, as far as they are maps. */
export function pipelineEntries(source: Record<string, unknown>): PipelineEntry[] {
  const list: unknown = source['pipelines'];
  if (!Array.isArray(list)) return [];
  return (list as unknown[]).flatMap((pipeline, index) =>
    isMap(pipeline) ? [{ pipeline, path: ['pipelines', index] }] : [],
  );
}

/** The stages of a list, as far as they are maps. */
export function stageEntries(list: unknown, path: Path): StageEntry[] {
  if (!Array.isArray(list)) return [];
  return (list as unknown[]).flatMap((stage, index) => (isMap(stage) ? [{ stage, path: [...path, index] }] : []));
}

/** The stage sets of a document, by name. */
export function stageSetEntries(source: Record<string, unknown>): Map<string, StageEntry[]> {
  const sets = source['stageSets'];
  if (!isMap(sets)) return new Map();
  return new Map(Object.entries(sets).map(([name, list]) => [name, stageEntries(list, ['stageSets', name])]));
}

/** The stages that a pipeline comes to: those of a set stand in the place where it is named. */
export function expandStages(
  { pipeline, path }: PipelineEntry,
  sets: ReadonlyMap<string, readonly StageEntry[]>,
): StageEntry[] {
  return stageEntries(pipeline['stages'], [...path, 'stages']).flatMap((entry): StageEntry[] => {
    if (entry.stage['kind'] !== 'stage-set') return [entry];
    const set = sets.get(textOf(entry.stage['ref'])) ?? [];
    return set.filter(({ stage }) => stage['kind'] !== 'stage-set').map((each) => ({ ...each, via: entry.path }));
  });
}

/** What is to be a text, as far as it is one: nothing else has to have a form as text at all. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
