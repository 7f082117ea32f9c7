import { expect, test } from 'vitest';
import { agentNotes } from '../../../src/plan/check/agent-names.js';
import { checkPlan } from '../../../src/plan/check/check-plan.js';
import type { Plan } from '../../../src/plan/model/plan.js';

function planOf(defs: readonly object[], agents: object = {}): Plan {
  const steps = defs.map((def, place) => ({ id: `s${place}`, step_def: { type: 'agent', prompt: 'x', ...def } }));
  const checked = checkPlan({ plan_id: 'p', version: '1.0', globals: { agents }, steps });
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  return checked.value.plan;
}
const full = (name: string): string => `the agent '${name}' may do whatever you may do: permissions: full`;
const idle = (name: string): string =>
  `tiers do nothing for the agent '${name}': it runs with its own model, until agents.${name}.tiers in orch.config.yaml says which they are`;

test('agents that may do everything are told, each once, and not where they only read', () => {
  const agents = { codex: { permissions: 'full' }, spare: { adapter: 'claude', permissions: 'full' } };
  const steps = [{ agent: 'codex' }, { agent: 'codex' }, { agent: 'claude', fallback_agents: ['spare'] }];
  expect(agentNotes([planOf(steps, agents)])).toEqual([full('codex'), full('spare')]);
  expect(agentNotes([planOf([{ agent: 'codex', sandbox: 'read-only' }], agents)])).toEqual([]);
  expect(agentNotes([planOf([{ agent: 'claude' }])], { claude: { permissions: 'full' } })).toEqual([full('claude')]);
});

test('a tier that does nothing is told, of agents and of reviewers', () => {
  const agents = { codex: { tiers: { deep: 'x' } }, script: { adapter: 'dispatch' }, other: { command: 'x' } };
  const steps = [
    { agent: 'codex', tier: 'deep', review: { agent: 'claude', tier: 'deep' } },
    { agent: 'script', tier: 'deep' },
    { agent: 'other', tier: 'deep' },
    { agent: 'gemini', tier: 'deep' },
    { agent: 'opencode', tier: 'deep', model: 'm' },
  ];
  expect(agentNotes([planOf(steps, agents)])).toEqual([idle('claude'), idle('gemini')]);
});
