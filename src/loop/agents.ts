import { BUILT_IN_AGENTS, type AgentSettings } from '../plan/model/agent.js';
import type { Prompt } from './prompts.js';
import type { Role } from './roles.js';
import type { AgentChoice } from './types.js';
import { defined } from '../basics/defined.js';

/** The name that means: claude where it is installed, else codex. */
export const AUTO_AGENT = 'auto';

/** The agent that runs a prompt in a role: what is said nearest to the command line counts, prompts before roles. */
export function agentFor(choice: AgentChoice, role: Role, prompt: Prompt): string {
  return (
    own(choice.cli_prompts, prompt.key) ??
    choice.cli_roles[role] ??
    own(choice.prompts, prompt.key) ??
    choice.roles[role] ??
    choice.role_defaults?.[role] ??
    choice.default
  );
}

/** How an agent is called; undefined for a name that nobody knows. */
export function settingsFor(
  name: string,
  settings: Readonly<Record<string, AgentSettings>>,
): AgentSettings | undefined {
  const described = own(settings, name);
  const adapter = BUILT_IN_AGENTS.find((known) => known === name);
  if (described === undefined && adapter === undefined) return undefined;
  const known = { ...defined({ adapter }), ...described };
  return { ...known, adapter: known.adapter ?? 'generic' };
}

function own<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
