import { BUILT_IN_AGENTS, type AgentSettings } from '../model/agent.js';
import { stepPath, countMainSteps } from '../document/source-steps.js';
import type { Diagnostic } from '../model/diagnostic.js';
import { toDiagnostic, quote } from '../problems/problems.js';
import { didYouMean } from '../problems/suggest.js';
import type { Plan } from '../model/plan.js';
import { defined } from '../../basics/defined.js';

type Settings = Readonly<Record<string, AgentSettings>>;

/**
 * How an agent is called: as the plan says, else as what the run took along says, else as it is known.
 *
 * @returns undefined for a name that nobody knows
 */
export function agentSettingsOf(name: string, plan: Plan, taken: Settings = {}): AgentSettings | undefined {
  const own = Object.hasOwn(plan.globals.agents, name) ? plan.globals.agents[name] : undefined;
  const other = Object.hasOwn(taken, name) ? taken[name] : undefined;
  const adapter = BUILT_IN_AGENTS.find((known) => known === name);
  if (own === undefined && other === undefined && adapter === undefined) return undefined;
  const merged: AgentSettings = { ...defined({ adapter }), ...other, ...own };
  return { ...merged, adapter: merged.adapter ?? 'generic' };
}

/** Whose quota an agent uses. */
export function accountOf(name: string, { account, adapter }: AgentSettings): string {
  return account ?? (adapter === undefined || adapter === 'generic' || adapter === 'dispatch' ? name : adapter);
}

/** What is wrong with the agents that the steps name, now that all settings are known. */
export function agentProblems(plan: Plan, taken: Settings = {}): Diagnostic[] {
  const mainCount = countMainSteps(plan);
  const known = [...BUILT_IN_AGENTS, ...Object.keys(plan.globals.agents), ...Object.keys(taken)];
  return plan.steps.flatMap(({ action }, position) => {
    if (action.type !== 'agent') return [];
    const path = [...stepPath(position, mainCount), 'step_def'];
    const { prompt, prompt_text, prompt_file } = action;
    if (prompt === undefined && prompt_text === undefined) {
      const message = `the content of ${quote(prompt_file)} was not given with the plan`;
      const hint = 'load the plan from its file, or give prompt_text';
      return [toDiagnostic({ code: 'prompt_file_missing', path: [...path, 'prompt_file'], message, hint })];
    }
    const mentions = [
      { name: action.agent, tier: action.tier, path: [...path, 'agent'], tierPath: [...path, 'tier'] },
      ...action.fallback_agents.map((name, index) => ({
        name,
        tier: undefined,
        path: [...path, 'fallback_agents', index],
        tierPath: path,
      })),
      ...(action.review?.agent === undefined
        ? []
        : [
            {
              name: action.review.agent,
              tier: action.review.tier,
              path: [...path, 'review', 'agent'],
              tierPath: [...path, 'review', 'tier'],
            },
          ]),
    ];
    return mentions.flatMap(({ name, tier, path: at, tierPath }) => {
      const settings = agentSettingsOf(name, plan, taken);
      if (settings === undefined) {
        const hint =
          didYouMean(name, known) ?? `describe it under globals.agents; known agents are ${known.join(', ')}`;
        return [toDiagnostic({ code: 'unknown_agent', path: at, message: `there is no agent ${quote(name)}`, hint })];
      }
      const tiers = Object.keys(settings.tiers ?? {});
      if (tier === undefined || tiers.length === 0 || tiers.includes(tier)) return [];
      const hint = didYouMean(tier, tiers) ?? `its tiers are ${tiers.join(', ')}`;
      const message = `the agent ${quote(name)} has no tier ${quote(tier)}`;
      return [toDiagnostic({ code: 'unknown_tier', path: tierPath, message, hint })];
    });
  });
}

/** Adapters whose command hears of a tier only by the model that it stands for. */
const WITHOUT_TIERS = new Set<AgentSettings['adapter']>(BUILT_IN_AGENTS);

/**
 * What whoever starts a run should know of its agents: those that may do everything, and tiers that change nothing
 * because nobody has said what they stand for. One note for each agent.
 */
export function agentNotes(plans: readonly Plan[], taken: Settings = {}): string[] {
  const notes = new Set<string>();
  for (const plan of plans) {
    for (const { action } of plan.steps) {
      if (action.type !== 'agent') continue;
      const readers = action.sandbox === 'read-only' ? [] : [action.agent, ...action.fallback_agents];
      for (const name of readers) {
        if (agentSettingsOf(name, plan, taken)?.permissions === 'full') notes.add(fullNote(name));
      }
      const { review } = action;
      for (const { name, tier, model } of [
        { name: action.agent, tier: action.tier, model: action.model },
        ...(review?.agent === undefined ? [] : [{ name: review.agent, tier: review.tier, model: review.model }]),
      ]) {
        const settings = agentSettingsOf(name, plan, taken);
        const idle = settings?.tiers === undefined && WITHOUT_TIERS.has(settings?.adapter) && model === undefined;
        if (tier !== undefined && idle) notes.add(idleTierNote(name));
      }
    }
  }
  return [...notes];
}

/** What is said of an agent that may do everything. */
export function fullNote(name: string): string {
  return `the agent ${quote(name)} may do whatever you may do: permissions: full`;
}

function idleTierNote(name: string): string {
  return `tiers do nothing for the agent ${quote(name)}: it runs with its own model, until agents.${name}.tiers in orch.config.yaml says which they are`;
}
