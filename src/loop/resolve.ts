import { BUILT_IN_AGENTS, type AgentSettings } from '../plan/model/agent.js';
import type { Diagnostic, Result } from '../plan/model/diagnostic.js';
import type { DiagnosticCode } from '../plan/problems/codes.js';
import { toDiagnostic } from '../plan/problems/problems.js';
import { didYouMean } from '../plan/problems/suggest.js';
import { AUTO_AGENT, settingsFor } from './agents.js';
import type { KnobName, KnobValues, Resolved } from './knobs.js';
import { promptKey, promptOf, type Prompt } from './prompts.js';
import { ROLES, roleOf, type Role } from './roles.js';
import { fileOrNone, gitOf, type Knobs } from './resolve-git.js';
import type { LoopConfig } from './types.js';
import { defined } from '../basics/defined.js';

type FileAgents = Pick<Partial<KnobValues>, 'prompt_agents' | 'role_agents'>;

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
  file: FileAgents = {},
  shared: Readonly<Record<string, AgentSettings>> = {},
): Result<LoopConfig, ConfigFault[]> {
  return new Resolution(knobs, file, shared).config();
}

/** One making of a configuration, which goes on past what is wrong, so that all of it is told at once. */
class Resolution {
  private readonly faults: ConfigFault[] = [];
  private readonly promptsDir: string;

  constructor(
    private readonly knobs: Knobs,
    private readonly file: FileAgents,
    private readonly shared: Readonly<Record<string, AgentSettings>>,
  ) {
    this.promptsDir = knobs.prompts_dir.value.trim().replace(/\/+$/, '') || '/';
  }

  config(): Result<LoopConfig, ConfigFault[]> {
    const { knobs, promptsDir } = this;
    const prompts = {
      supervisor: this.prompt('supervisor_prompt', rolePrompt(knobs, 'supervisor_prompt')),
      main: this.prompt('main_prompt', rolePrompt(knobs, 'main_prompt')),
    };
    const reviewer = this.prompt('reviewer_prompt', knobs.reviewer_prompt.value);
    this.checkRouter();
    const allowlist = this.allowlist([prompts.supervisor, prompts.main, reviewer]);
    const agents = this.agents();
    const startRole = this.startRole(prompts);
    if (this.faults.length > 0) return { ok: false, error: this.faults };
    return {
      ok: true,
      value: {
        prompts_dir: promptsDir,
        prompts,
        reviewer,
        allowlist,
        router: this.router(),
        review_every_n: isCadence(knobs) ? knobs.review_every_n.value : 0,
        agents,
        ...bounds(knobs),
        ...defined({
          state_file: fileOrNone(knobs.state_file.value),
          start_role: startRole,
          completion_marker: fileOrNone(knobs.completion_marker.value),
        }),
        verdicts: knobs.verdicts.value,
        ...(knobs.git.value ? { git: gitOf(knobs) } : defined({ branch: knobs.branch.value })),
      },
    };
  }

  private prompt(knob: KnobName, name: string): Prompt {
    const found = promptOf(name, this.promptsDir);
    if (found !== undefined) return found;
    const message = `'${name}' is not a file below ${this.promptsDir}`;
    this.add('invalid_value', knob, message, 'name a file in the prompts folder');
    return { key: name, file: name };
  }

  private checkRouter(): void {
    const { router_enabled, router_mode, router_prompt } = this.knobs;
    if (!router_enabled.value || router_mode.value !== 'router_only' || router_prompt.value !== undefined) return;
    const hint = 'set router.prompt, or use router_default';
    this.add('conflicting_keys', 'router_mode', 'router_only needs a router prompt, but none is set', hint);
  }

  private router(): LoopConfig['router'] {
    const { router_enabled, router_mode, router_prompt, router_applies_to } = this.knobs;
    const asked = router_enabled.value ? router_prompt.value : undefined;
    return {
      mode: router_enabled.value ? router_mode.value : 'off',
      ...(asked === undefined ? {} : { prompt: this.prompt('router_prompt', asked) }),
      applies_to: router_applies_to.value,
    };
  }

  /** What the router may choose, each once. */
  private allowlist(standard: readonly Prompt[]): Prompt[] {
    const given = this.knobs.router_allowlist.value;
    const all = given.length === 0 ? standard : given.map((name) => this.prompt('router_allowlist', name));
    return all.filter((each, index) => all.findIndex(({ key }) => key === each.key) === index);
  }

  private agents(): LoopConfig['agents'] {
    const settings = settingsOf(this.knobs, this.shared);
    const agents = this.agentMaps();
    for (const [knob, name] of agentNames(agents)) {
      if (name === AUTO_AGENT || settingsFor(name, settings) !== undefined) continue;
      const known = [AUTO_AGENT, ...BUILT_IN_AGENTS, ...Object.keys(settings)];
      const hint =
        didYouMean(name, known) ?? `describe it under agents; known agents are ${[...new Set(known)].join(', ')}`;
      this.add('unknown_agent', knob, `there is no agent '${name}'`, hint);
    }
    return { ...agents, settings };
  }

  /** The command line's maps count before those of the file; the environment speaks as the command line does. */
  private agentMaps(): Omit<LoopConfig['agents'], 'settings'> {
    const { knobs, file } = this;
    return {
      default: knobs.agent.value,
      cli_prompts: this.promptMap(nearer(knobs.prompt_agents)),
      cli_roles: roleMap(nearer(knobs.role_agents)),
      prompts: this.promptMap(file.prompt_agents),
      roles: roleMap(file.role_agents),
      role_defaults: defined({ supervisor: knobs.supervisor_agent.value, main: knobs.main_agent.value }),
    };
  }

  private promptMap(map: Readonly<Record<string, string>> = {}): Record<string, string> {
    const keyOf = (name: string): string => promptKey(name, this.promptsDir) ?? this.prompt('prompt_agents', name).key;
    return Object.fromEntries(Object.entries(map).map(([name, agent]) => [keyOf(name), agent]));
  }

  private startRole(prompts: Readonly<Record<Role, Prompt>>): Role | undefined {
    const start = this.knobs.start_prompt.value;
    if (start === undefined) return undefined;
    const key = promptKey(start, this.promptsDir);
    const role = ROLES.find((each) => prompts[each].key === key);
    if (role === undefined) {
      const hint = `a loop begins with ${prompts.supervisor.key} or ${prompts.main.key}`;
      this.add('invalid_value', 'start_prompt', `'${start}' is the prompt of no role`, hint);
    }
    return role;
  }

  private add(code: DiagnosticCode, knob: KnobName, message: string, hint: string): void {
    this.faults.push({ ...toDiagnostic({ code, path: [], message, hint }), knob });
  }
}

function isCadence(knobs: Knobs): boolean {
  return knobs.router_enabled.value || knobs.workflow.value.startsWith('review_cadence');
}

/** How long a loop, and each turn of it, may go on. */
function bounds(
  knobs: Knobs,
): Pick<
  LoopConfig,
  'mode' | 'max_iterations' | 'pause_between_turns' | 'timeout_sec' | 'stall_timeout_sec' | 'budget'
> {
  const budget = knobs.budget.value;
  return {
    mode: knobs.mode.value,
    max_iterations: knobs.max_iterations.value,
    pause_between_turns: knobs.pause_between_turns.value,
    timeout_sec: knobs.timeout_sec.value,
    stall_timeout_sec: knobs.stall_timeout_sec.value,
    ...(budget === undefined ? {} : { budget: budgetOf(budget) }),
  };
}

/** The prompt of a role: of the second workflows another one, unless it is named. */
function rolePrompt(knobs: Knobs, knob: 'supervisor_prompt' | 'main_prompt'): string {
  const { value, from } = knobs[knob];
  const second = from === 'default' && knobs.workflow.value.endsWith('2');
  return second ? value.replace(/\.md$/, '2.md') : value;
}

/** A map as the command line or the environment has it; that of the file is told apart. */
function nearer({ value, from }: Resolved<Readonly<Record<string, string>>>): Readonly<Record<string, string>> {
  return from === 'cli' || from === 'env' ? value : {};
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
