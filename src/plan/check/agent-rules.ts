import { findAncestors } from '../graph/ancestors.js';
import type { CheckedGraph } from './graph-rules.js';
import { isMap, stringsOf } from '../problems/paths.js';
import { quote, type Problems } from '../problems/problems.js';
import { sourceSteps } from '../document/source-steps.js';
import { didYouMean } from '../problems/suggest.js';

type Path = readonly PropertyKey[];

/** Agents in one tree that are compared with each other; of more than these one pair is told anyway. */
const MAX_COMPARED = 64;

interface AgentStep {
  id: string;
  position: number;
  def: Record<string, unknown>;
  step: Record<string, unknown>;
  path: Path;
}

/** A step that an agent step names, which must have ended before. */
interface Mention {
  from: AgentStep;
  name: string;
  path: Path;
  wantsAgent: boolean;
}

/** Checks what agent steps ask of other steps, and warns of agents that work in one tree at the same time. */
export function checkAgents(source: Record<string, unknown>, graph: CheckedGraph, problems: Problems): void {
  const agents = agentSteps(source);
  if (agents.length === 0) return;
  checkMentions(source, agents, graph, problems);
  if (graph.sound && !isOneByOne(source)) warnOfSharedTrees(source, agents, graph, problems);
}

function agentSteps(source: Record<string, unknown>): AgentStep[] {
  return sourceSteps(source).flatMap(({ step, path }, position) => {
    const def = step?.['step_def'];
    if (!isMap(def) || def['type'] !== 'agent') return [];
    return [{ id: String(step!['id']), position, def, step: step!, path }];
  });
}

function checkMentions(
  source: Record<string, unknown>,
  agents: readonly AgentStep[],
  graph: CheckedGraph,
  problems: Problems,
): void {
  const steps = sourceSteps(source);
  const kept: { mention: Mention; target: number }[] = [];
  for (const mention of agents.flatMap(mentionsOf)) {
    const target = graph.index.get(mention.name);
    if (target === undefined) {
      problems.add({
        code: 'unknown_dependency',
        path: mention.path,
        message: `there is no step ${quote(mention.name)}`,
        hint: didYouMean(mention.name, graph.index.keys()),
      });
      continue;
    }
    const def = steps[target]!.step?.['step_def'];
    if (mention.wantsAgent && !(isMap(def) && def['type'] === 'agent')) {
      const message = `step ${quote(mention.name)} is not an agent step, so it has no session to continue`;
      problems.add({ code: 'invalid_value', path: mention.path, message, hint: 'name a step of type agent' });
    }
    kept.push({ mention, target });
  }
  if (!graph.sound) return;
  const isFirst = (step: number, target: number) => step >= graph.mainCount && target < graph.mainCount;
  const comesBefore = findAncestors(
    graph.before,
    kept.map(({ mention, target }) => ({ step: mention.from.position, target })),
  );
  for (const { mention, target } of kept) {
    const { from, name, path } = mention;
    if (isFirst(from.position, target) || comesBefore(from.position, target)) continue;
    problems.add({
      code: 'not_an_ancestor',
      path,
      message: `step ${quote(name)} may not have ended when step ${quote(from.id)} starts`,
      hint: `add it to depends_on of ${quote(from.id)}`,
    });
  }
}

function mentionsOf(from: AgentStep): Mention[] {
  const { session, context } = from.def;
  const at = [...from.path, 'step_def'];
  const mentions: Mention[] = [];
  if (isMap(session) && typeof session['from'] === 'string' && session['from'] !== '') {
    mentions.push({ from, name: session['from'], path: [...at, 'session', 'from'], wantsAgent: true });
  }
  if (!isMap(context)) return mentions;
  for (const [index, name] of stringsOf(context['steps'])) {
    mentions.push({ from, name, path: [...at, 'context', 'steps', index], wantsAgent: false });
  }
  return mentions;
}

/** One warning for each folder: two agents that change one tree at the same time see each other's half-done work. */
function warnOfSharedTrees(
  source: Record<string, unknown>,
  agents: readonly AgentStep[],
  graph: CheckedGraph,
  problems: Problems,
): void {
  const trees = new Map<string, AgentStep[]>();
  for (const agent of agents) {
    const { def, step } = agent;
    const alone = (def['worktree'] ?? false) !== false || onlyReads(def, source);
    if (alone) continue;
    const tree = typeof step['cwd'] === 'string' ? step['cwd'] : '';
    const known = trees.get(tree);
    if (known === undefined) trees.set(tree, [agent]);
    else if (known.length < MAX_COMPARED) known.push(agent);
  }
  for (const group of trees.values()) {
    const pair = parallelPair(group, graph);
    if (pair === undefined) continue;
    const [first, second] = pair;
    problems.add({
      code: 'shared_tree',
      severity: 'warning',
      path: [...second.path, 'step_def'],
      message:
        first === second
          ? `the instances of ${quote(first.id)} may change the same files at the same time`
          : `the agents of ${quote(first.id)} and ${quote(second.id)} may change the same files at the same time`,
      hint: isManifest(source)
        ? 'name other `files` for each, have one name the other in `depends`, or set max_parallel: 1'
        : 'give them `worktree: true`, a `cwd` of their own, a lock, or a dependency between them',
      ...(first === second ? {} : { related: [{ message: 'the other one', path: [...first.path, 'step_def'] }] }),
    });
  }
}

/** With one slot no two steps run at once. */
function isOneByOne({ globals }: Record<string, unknown>): boolean {
  return isMap(globals) && globals['max_concurrency'] === 1;
}

/** What was a manifest can be mended only by what a manifest can say. */
function isManifest({ metadata }: Record<string, unknown>): boolean {
  return isMap(metadata) && metadata['format'] === 'exec-manifest';
}

function onlyReads(def: Record<string, unknown>, { globals }: Record<string, unknown>): boolean {
  if (def['sandbox'] === 'read-only') return true;
  const agents = isMap(globals) ? globals['agents'] : undefined;
  const { agent } = def;
  const settings = isMap(agents) && typeof agent === 'string' ? agents[agent] : undefined;
  return isMap(settings) && settings['permissions'] === 'read';
}

function parallelPair(group: readonly AgentStep[], graph: CheckedGraph): [AgentStep, AgentStep] | undefined {
  const many = group.find(
    ({ step }) => (step['foreach'] ?? undefined) !== undefined && step['max_parallel'] !== 1 && !isLocked(step),
  );
  if (many !== undefined) return [many, many];
  const pairs = group.flatMap((first, index) => group.slice(index + 1).map((second) => [first, second] as const));
  const questions = pairs.flatMap(([first, second]) => [
    { step: first.position, target: second.position },
    { step: second.position, target: first.position },
  ]);
  const comesBefore = findAncestors(graph.before, questions);
  const isFinally = ({ position }: AgentStep) => position >= graph.mainCount;
  const pair = pairs.find(
    ([first, second]) =>
      isFinally(first) === isFinally(second) &&
      !comesBefore(first.position, second.position) &&
      !comesBefore(second.position, first.position) &&
      !shareLock(first.step, second.step) &&
      !haveOwnFiles(first.def, second.def),
  );
  return pair === undefined ? undefined : [...pair];
}

/** Two that say which files they change, and mean others, are taken at their word. */
function haveOwnFiles(first: Record<string, unknown>, second: Record<string, unknown>): boolean {
  const files = new Set(stringsOf(first['files']).map(([, file]) => plainPath(file)));
  const others = stringsOf(second['files']).map(([, file]) => plainPath(file));
  return files.size > 0 && others.length > 0 && !others.some((file) => files.has(file));
}

function plainPath(file: string): string {
  return file.replace(/^(?:\.\/+)+/, '');
}

function isLocked(step: Record<string, unknown>): boolean {
  return stringsOf(step['locks']).length > 0;
}

function shareLock(first: Record<string, unknown>, second: Record<string, unknown>): boolean {
  const names = new Set(stringsOf(first['locks']).map(([, name]) => name));
  return stringsOf(second['locks']).some(([, name]) => names.has(name));
}
