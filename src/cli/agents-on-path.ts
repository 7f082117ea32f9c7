import path from 'node:path';
import { agentSettingsOf } from '../plan/check/agent-names.js';
import { BUILT_IN_AGENTS, type AgentSettings } from '../plan/model/agent.js';
import type { Diagnostic } from '../plan/model/diagnostic.js';
import { toDiagnostic } from '../plan/problems/problems.js';
import { countMainSteps, stepPath } from '../plan/document/source-steps.js';
import type { Plan, Step } from '../plan/model/plan.js';
import { isProgram } from '../host/program-file.js';

/** An agent that a step names. */
interface Mention {
  name: string;
  as: 'agent' | 'fallback agent' | 'reviewer';
  path: PropertyKey[];
}

interface Where {
  agents?: Readonly<Record<string, AgentSettings>> | undefined;
  /** What is looked through. */
  searchPath: string;
  /** Whether the plan was a manifest: then nothing but its tasks runs, and nothing could install an agent. */
  isManifest: boolean;
  /** Whether a step is run at all. Default: all are. */
  runs?: (id: string) => boolean;
}

/**
 * Finds the agents of a plan whose programs are not there: better said before anything runs than after the work is
 * done that nobody can review. A plan may install them itself, so there it is a warning.
 */
export function missingAgents(plan: Plan, where: Where): Diagnostic[] {
  const found = new Map<string, Mention & { steps: number }>();
  const mainCount = countMainSteps(plan);
  for (const [position, step] of plan.steps.entries()) {
    if (hasOwnPath(plan, step) || where.runs?.(step.id) === false) continue;
    for (const mention of mentionsOf(step, stepPath(position, mainCount))) {
      const settings = agentSettingsOf(mention.name, plan, where.agents);
      if (settings === undefined || isThere(settings, mention.name, where.searchPath)) continue;
      const key = `${mention.as} ${mention.name}`;
      found.set(key, { ...(found.get(key) ?? mention), steps: (found.get(key)?.steps ?? 0) + 1 });
    }
  }
  return [...found.values()].map((each) => problemOf(each, plan, where));
}

function mentionsOf({ action }: Step, at: PropertyKey[]): Mention[] {
  if (action.type !== 'agent') return [];
  const mentions: Mention[] = [{ name: action.agent, as: 'agent', path: [...at, 'step_def', 'agent'] }];
  for (const [index, name] of action.fallback_agents.entries()) {
    mentions.push({ name, as: 'fallback agent', path: [...at, 'step_def', 'fallback_agents', index] });
  }
  const reviewer = action.review?.agent;
  if (reviewer === undefined || reviewer === action.agent) return mentions;
  return [...mentions, { name: reviewer, as: 'reviewer', path: [...at, 'step_def', 'review', 'agent'] }];
}

/** A step with a PATH of its own may find more there. */
function hasOwnPath(plan: Plan, step: Step): boolean {
  return Object.hasOwn(plan.globals.env, 'PATH') || Object.hasOwn(step.env, 'PATH');
}

function isThere(settings: AgentSettings, name: string, searchPath: string): boolean {
  if (settings.adapter === 'dispatch' || settings.env?.['PATH'] !== undefined) return true;
  const program = settings.command ?? settings.adapter ?? name;
  // One that is counted from a step's folder may be made there.
  if (program.includes('/')) return !path.isAbsolute(program) || isProgram(program);
  return searchPath.split(path.delimiter).some((folder) => folder !== '' && isProgram(path.join(folder, program)));
}

function problemOf(
  { name, as, path: at, steps }: Mention & { steps: number },
  plan: Plan,
  { agents, searchPath, isManifest }: Where,
): Diagnostic {
  const settings = agentSettingsOf(name, plan, agents) ?? {};
  const program = settings.command ?? settings.adapter ?? name;
  const count = `${steps} ${isManifest ? 'task' : 'step'}${steps === 1 ? '' : 's'}`;
  const others = BUILT_IN_AGENTS.filter((each) => each !== name && isThere({ adapter: each }, each, searchPath));
  return toDiagnostic({
    code: 'agent_missing',
    severity: isManifest && as !== 'fallback agent' ? 'error' : 'warning',
    path: at,
    message: `the ${as} ${JSON.stringify(name).replaceAll('"', "'")} of ${count} is not installed: there is no program '${program}' on the PATH`,
    hint: hintOf(as, others, isManifest),
  });
}

function hintOf(as: Mention['as'], others: readonly string[], isManifest: boolean): string {
  if (as === 'agent') return 'install it, or put its folder on the PATH';
  if (as === 'fallback agent') return 'install it, or take it out of fallback_agents';
  const none = isManifest ? '--no-review' : 'review: false';
  const named = (other: string): string => (isManifest ? `--review-engine ${other}` : `review: {agent: ${other}}`);
  const offers = others.map((other) => `use another reviewer: ${named(other)}`).slice(0, 1);
  return ['install it', ...offers, `or turn the review off: ${none}`].join('; ');
}
