import type { Colors } from 'picocolors/types.js';
import { taskWaves, type ManifestNotes } from '../../formats/exec-manifest/index.js';
import type { Graph } from '../../plan/graph/graph.js';
import type { Plan, StepAction } from '../../plan/model/plan.js';
import { forPeople, oneLine } from './format.js';

/** What the dry run of a manifest says of a task. */
interface PlannedTask {
  id: string;
  title: string;
  wave: number;
  stage: string;
  tier: string;
  files: readonly string[];
  /** What it names itself; all tasks of earlier stages come on top. */
  depends: readonly string[];
}

/** The dry run of a manifest. */
export interface PlannedManifest {
  mode: string;
  /** Ids of tasks, and the stages that they are of. */
  waves: { tasks: PlannedTask[]; stages: string[] }[];
  /** The widest wave: how many tasks could run at once, whatever `max_parallel` allows. */
  max_parallelism: number;
}

/** Works out what a run of a manifest would do. */
export function planManifest(notes: ManifestNotes, plan: Plan, graph: Graph): PlannedManifest {
  const stageOf = new Map(notes.stages.flatMap(({ name, tasks }) => tasks.map((id) => [id, name] as const)));
  const waves = taskWaves(notes, graph).map((positions, number) => {
    const tasks = positions.map((position): PlannedTask => {
      const { id, name, action } = plan.steps[position]!;
      const depends = notes.depends[id] ?? [];
      return { id, title: name, wave: number + 1, stage: stageOf.get(id)!, ...agentOf(action), depends };
    });
    return { tasks, stages: [...new Set(tasks.map(({ stage }) => stage))] };
  });
  return { mode: notes.mode, waves, max_parallelism: Math.max(0, ...waves.map(({ tasks }) => tasks.length)) };
}

function agentOf(action: StepAction): { tier: string; files: readonly string[] } {
  return action.type === 'agent' ? { tier: action.tier ?? '', files: action.files } : { tier: '', files: [] };
}

/** The dry run for people. `selected` says which tasks the options leave in. */
export function renderManifest(
  { bold, dim }: Colors,
  planId: string,
  planned: PlannedManifest,
  selected: (id: string) => boolean,
): string {
  const { mode, waves, max_parallelism } = forPeople(planned);
  const count = waves.reduce((sum, { tasks }) => sum + tasks.length, 0);
  const head = `${bold(oneLine(planId))}: ${number(count, 'task')} in ${number(waves.length, 'wave')}, mode ${mode}, max parallelism: ${max_parallelism}`;
  const lines = waves.flatMap(({ tasks, stages }, index) => [
    dim(`wave ${index + 1}: ${number(tasks.length, 'task')} [${stages.join(', ')}]`),
    ...tasks.flatMap((task) => [
      `  ${task.id}: ${task.title}${selected(task.id) ? '' : '  (not selected)'}`,
      `      files: ${task.files.join(', ') || '(no files)'}  tier: ${task.tier}${dependsText(task)}`,
    ]),
  ]);
  return `${[head, ...lines].join('\n')}\n`;
}

function dependsText({ depends }: PlannedTask): string {
  return depends.length === 0 ? '' : `  ← [${depends.join(', ')}]`;
}

function number(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
