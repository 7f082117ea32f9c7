import { z } from 'zod';
import type { Graph } from '../../plan/graph/graph.js';
import type { Plan } from '../../plan/model/plan.js';

/** What the metadata of a converted manifest say of it, beyond what its steps do. */
const notesSchema = z.object({
  format: z.literal('exec-manifest'),
  mode: z.string(),
  /** Stages in order, with the ids of their tasks. */
  stages: z.array(z.object({ name: z.string(), tasks: z.array(z.string()) })),
  /** What tasks name that they need; others have no entry. */
  depends: z.record(z.string(), z.array(z.string())),
});

export type ManifestNotes = z.infer<typeof notesSchema>;

/** The notes of a plan that was a manifest; undefined for every other. */
export function readNotes({ metadata }: Pick<Plan, 'metadata'>): ManifestNotes | undefined {
  if (metadata['format'] !== 'exec-manifest') return undefined;
  const read = notesSchema.safeParse(metadata);
  return read.success ? read.data : undefined;
}

/**
 * The waves of a manifest's tasks, as positions in its plan: each task right behind the last of those that it waits
 * for, joints left out. A run starts a task when what it waits for is done, not by waves.
 */
export function taskWaves({ stages }: ManifestNotes, graph: Graph): number[][] {
  const tasks = new Set(stages.flatMap((stage) => stage.tasks));
  const waves: number[][] = [];
  const level = new Map<number, number>();
  for (const position of beforeFirst(graph)) {
    const before = graph.dependencies[position]!.map((dependency) => level.get(dependency)!);
    const isTask = tasks.has(graph.ids[position]!);
    const own = Math.max(0, ...before) + (isTask ? 1 : 0);
    level.set(position, own);
    if (isTask) (waves[own - 1] ??= []).push(position);
  }
  for (const wave of waves) wave.sort((a, b) => a - b);
  return waves;
}

/** Positions in an order in which each comes behind its dependencies. */
function beforeFirst({ dependencies, dependents }: Graph): number[] {
  const awaited = dependencies.map((list) => list.length);
  const order = [...awaited.keys()].filter((position) => awaited[position] === 0);
  for (const position of order) {
    for (const follower of dependents[position]!) {
      awaited[follower]! -= 1;
      if (awaited[follower] === 0) order.push(follower);
    }
  }
  return order;
}
