import { BUILT_IN_AGENTS, type AgentSettings } from '../plan/model/agent.js';
import type { Diagnostic, Result } from '../plan/model/diagnostic.js';
import type { DiagnosticCode } from '../plan/problems/codes.js';
import { toDiagnostic } from '../plan/problems/problems.js';
import { didYouMean } from '../plan/problems/suggest.js';
import { AUTO_AGENT, settingsFor } from './agents.js';
import type { KnobName, KnobValues, Resolved } from './knobs.js';
import { promptKey, promptOf, type Prompt } from './prompts.js';
import { ROLES, roleOf, type Role } from './roles.js';
import type { GitSettings, LoopConfig } from './types.js';
import { defined } from '../basics/defined.js';

type Knobs = { readonly [K in KnobName]: Resolved<KnobValues[K]> };

/** Where a mistake stands: the knob that it is about. */
export interface ConfigFault extends Diagnostic {
  knob: KnobName;
}

/**
 * Makes a loop's configuration of its knobs.
 *
 * @param file what the file alone says of agents: a map on the command line does not hide it
 * @param shared settings of agents that several loops and plans have; the loop's own count before them
 * @returns the configuration, or everything that does not fit together
 */
export function resolveConfig(
  knobs: Knobs,
  file: Pick<Partial<KnobValues>, 'prompt_agents' | 'role_agents'> = {},
  shared: Readonly<Record<string, AgentSettings>> = {},
): Result<LoopConfig, ConfigFault[]> {
  const faults: ConfigFault[] = [];
  const value = <K extends KnobName>(name: K): KnobValues[K] => knobs[name].value;
  const promptsDir = value('prompts_dir').trim().replace(/\/+$/, '') || '/';
  const prompt = (knob: KnobName, name: string): Prompt => {
    const found = promptOf(name, promptsDir);
    if (found !== undefined) return found;
    add('invalid_value', knob, `'${name}' is not a file below ${promptsDir}`, 'name a file in the prompts folder');
    return { key: name, file: name };
  };
  const prompts = {
    supervisor: prompt('supervisor_prompt', rolePrompt(knobs, 'supervisor_prompt')),
    main: prompt('main_prompt', rolePrompt(knobs, 'main_prompt')),
  };
  const reviewer = prompt('reviewer_prompt', value('reviewer_prompt'));
  const settings = settingsOf(knobs, shared);
  const enabled = value('router_enabled');
  const routerPrompt = value('router_prompt');
  if (enabled && value('router_mode') === 'router_only' && routerPrompt === undefined) {
    const hint = 'set router.prompt, or use router_default';
    add('conflicting_keys', 'router_mode', 'router_only needs a router prompt, but none is set', hint);
  }
  const given = value('router_allowlist');
  const allowlist =
    given.length === 0
      ? [prompts.supervisor, prompts.main, reviewer]
      : given.map((name) => prompt('router_allowlist', name));
  const agents = { ...agentsOf(knobs, file, promptsDir, prompt), settings };
  for (const [knob, name] of agentNames(agents)) {
    if (name === AUTO_AGENT || settingsFor(name, settings) !== undefined) continue;
    const known = [AUTO_AGENT, ...BUILT_IN_AGENTS, ...Object.keys(settings)];
    const hint =
      didYouMean(name, known) ?? `describe it under agents; known agents are ${[...new Set(known)].join(', ')}`;
    add('unknown_agent', knob, `there is no agent '${name}'`, hint);
  }
  const start = value('start_prompt');
  const startRole = start === undefined ? undefined : roleOfPrompt(promptKey(start, promptsDir), prompts);
  if (start !== undefined && startRole === undefined) {
    const hint = `a loop begins with ${prompts.supervisor.key} or ${prompts.main.key}`;
    add('invalid_value', 'start_prompt', `'${start}' is the prompt of no role`, hint);
  }
  if (faults.length > 0) return { ok: false, error: faults };
  const cadence = enabled || value('workflow').startsWith('review_cadence');
  const budget = value('budget');
  const stateFile = fileOrNone(value('state_file'));
  const marker = fileOrNone(value('completion_marker'));
  const { branch } = knobs;
  return {
    ok: true,
    value: {
      prompts_dir: promptsDir,
      prompts,
      reviewer,
      allowlist: allowlist.filter((each, index) => allowlist.findIndex(({ key }) => key === each.key) === index),
      router: {
        mode: enabled ? value('router_mode') : 'off',
        ...(enabled && routerPrompt !== undefined ? { prompt: prompt('router_prompt', routerPrompt) } : {}),
        applies_to: value('router_applies_to'),
      },
      review_every_n: cadence ? value('review_every_n') : 0,
      agents,
      mode: value('mode'),
      max_iterations: value('max_iterations'),
      pause_between_turns: value('pause_between_turns'),
      timeout_sec: value('timeout_sec'),
      stall_timeout_sec: value('stall_timeout_sec'),
      ...(budget === undefined ? {} : { budget: budgetOf(budget) }),
      ...defined({ state_file: stateFile, start_role: startRole, completion_marker: marker }),
      verdicts: value('verdicts'),
      ...(value('git') ? { git: gitOf(knobs) } : defined({ branch: branch.value })),
    },
  };

  function add(code: DiagnosticCode, knob: KnobName, message: string, hint: string): void {
    faults.push({ ...toDiagnostic({ code, path: [], message, hint }), knob });
  }
}

/** The prompt of a role: of the second workflows another one, unless it is named. */
function rolePrompt(knobs: Knobs, knob: 'supervisor_prompt' | 'main_prompt'): string {
  const { value, from } = knobs[knob];
  const second = from === 'default' && knobs.workflow.value.endsWith('2');
  return second ? value.replace(/\.md$/, '2.md') : value;
}

function roleOfPrompt(key: string | undefined, prompts: Readonly<Record<Role, Prompt>>): Role | undefined {
  return ROLES.find((role) => prompts[role].key === key);
}

function fileOrNone(name: string | undefined): string | undefined {
  return name === 'none' ? undefined : name;
}

/** A map as the command line or the environment has it; that of the file is told apart. */
function nearer({ value, from }: Resolved<Readonly<Record<string, string>>>): Readonly<Record<string, string>> {
  return from === 'cli' || from === 'env' ? value : {};
}

/** The command line's maps count before those of the file; the environment speaks as the command line does. */
function agentsOf(
  knobs: Knobs,
  file: Pick<Partial<KnobValues>, 'prompt_agents' | 'role_agents'>,
  promptsDir: string,
  prompt: (knob: KnobName, name: string) => Prompt,
): Omit<LoopConfig['agents'], 'settings'> {
  const promptMap = (map: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(
      Object.entries(map).map(([name, agent]) => [
        promptKey(name, promptsDir) ?? prompt('prompt_agents', name).key,
        agent,
      ]),
    );
  return {
    default: knobs.agent.value,
    cli_prompts: promptMap(nearer(knobs.prompt_agents)),
    cli_roles: roleMap(nearer(knobs.role_agents)),
    prompts: promptMap(file.prompt_agents),
    roles: roleMap(file.role_agents),
    role_defaults: defined({ supervisor: knobs.supervisor_agent.value, main: knobs.main_agent.value }),
  };
}

function roleMap(map: Readonly<Record<string, string>> = {}): Partial<Record<Role, string>> {
  const agents: Partial<Record<Role, string>> = {};
  for (const [name, agent] of Object.entries(map)) {
    const role = roleOf(name);
    if (role !== undefined) agents[role] = agent;
  }
  return agents;
}

function agentNames(agents: Omit<LoopConfig['agents'], 'settings'>): [KnobName, string][] {
  return [
    ['agent', agents.default],
    ...Object.values({ ...agents.prompts }).map((name): [KnobName, string] => ['prompt_agents', name]),
    ...Object.values({ ...agents.cli_prompts }).map((name): [KnobName, string] => ['prompt_agents', name]),
    ...Object.values({ ...agents.roles }).map((name): [KnobName, string] => ['role_agents', name]),
    ...(agents.role_defaults?.supervisor === undefined
      ? []
      : [['supervisor_agent', agents.role_defaults.supervisor] as [KnobName, string]]),
    ...(agents.role_defaults?.main === undefined
      ? []
      : [['main_agent', agents.role_defaults.main] as [KnobName, string]]),
    ...Object.values({ ...agents.cli_roles }).map((name): [KnobName, string] => ['role_agents', name]),
  ];
}

/** `CLAUDE_CMD` and `CODEX_CMD` say which program to call, and with which further arguments. */
function settingsOf(knobs: Knobs, shared: Readonly<Record<string, AgentSettings>>): Record<string, AgentSettings> {
  const settings: Record<string, AgentSettings> = { ...shared, ...knobs.agents.value };
  for (const [name, knob] of [
    ['claude', knobs.claude_cmd],
    ['codex', knobs.codex_cmd],
  ] as const) {
    const [command, ...args] = (knob.value ?? '').trim().split(/\s+/);
    if (!command) continue;
    settings[name] = { adapter: name, ...settings[name], command, ...(args.length === 0 ? {} : { args }) };
  }
  return settings;
}

function budgetOf(source: NonNullable<KnobValues['budget']>): NonNullable<LoopConfig['budget']> {
  const { tokens, cost_usd, wall_sec, soft } = source;
  return {
    ...(typeof tokens === 'number' ? { tokens } : {}),
    ...(typeof cost_usd === 'number' ? { cost_usd } : {}),
    ...(typeof wall_sec === 'number' ? { wall_sec } : {}),
    soft: soft ?? 0.8,
  };
}

function gitOf(knobs: Knobs): GitSettings {
  const { branch } = knobs;
  const stateFile = fileOrNone(knobs.state_file.value);
  const dirs = [knobs.logs_dir.value, knobs.tmp_dir.value].map((dir) => `${dir.replace(/\/+$/, '')}/**`);
  const own = [knobs.findings_file.value, knobs.input_file.value, ...(stateFile === undefined ? [] : [stateFile])];
  return {
    remote: knobs.remote.value,
    ...defined({ branch: branch.value }),
    dirty: knobs.dirty.value,
    ...(knobs.force_add_reports.value ? { force_add_reports: true } : {}),
    ...(knobs.dry_run.value ? { dry_run: true } : {}),
    rules: {
      docs: { globs: [...new Set([...knobs.doc_whitelist.value, ...own])], max_file_bytes: knobs.max_doc_bytes.value },
      reports: {
        globs: knobs.report_globs.value,
        extensions: extensions(knobs.report_extensions.value),
        max_file_bytes: knobs.max_report_file_bytes.value,
        max_total_bytes: knobs.max_report_total_bytes.value,
        skip: dirs,
      },
      outputs: {
        globs: knobs.tracked_output_globs.value,
        extensions: extensions(knobs.tracked_output_extensions.value),
        max_file_bytes: knobs.max_tracked_output_file_bytes.value,
        max_total_bytes: knobs.max_tracked_output_total_bytes.value,
      },
    },
  };
}

function extensions(given: readonly string[]): string[] {
  return given.map((each) => (each.startsWith('.') ? each : `.${each}`).toLowerCase());
}
