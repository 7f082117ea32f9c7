import type { AgentSettings } from '../plan/model/agent.js';
import type { Result } from '../plan/model/diagnostic.js';
import type { Timeout } from '../plan/model/values.js';
import type { SourceBudget } from '../plan/schema/agent.js';
import { didYouMean } from '../plan/problems/suggest.js';
import { ROLE_NAMES, roleOf } from './roles.js';
import { VERDICTS, WORKFLOWS, type VerdictTurns, type WorkflowName } from './workflow-names.js';
import { routerMode, type RouterMode } from './router-modes.js';

/** Every setting of a loop. */
export interface KnobValues {
  prompts_dir: string;
  supervisor_prompt: string;
  main_prompt: string;
  reviewer_prompt: string;
  mode: 'combined' | 'role';
  max_iterations: number;
  pause_between_turns: boolean;
  timeout_sec: Timeout;
  stall_timeout_sec: Timeout;
  budget: SourceBudget | undefined;
  state_file: string | undefined;
  start_prompt: string | undefined;
  completion_marker: string | undefined;
  verdicts: VerdictTurns;
  workflow: WorkflowName;
  review_every_n: number;
  router_enabled: boolean;
  router_mode: RouterMode;
  router_prompt: string | undefined;
  router_allowlist: readonly string[];
  router_applies_to: 'first' | 'all';
  agent: string;
  supervisor_agent: string | undefined;
  main_agent: string | undefined;
  role_agents: Readonly<Record<string, string>>;
  prompt_agents: Readonly<Record<string, string>>;
  agents: Readonly<Record<string, AgentSettings>>;
  claude_cmd: string | undefined;
  codex_cmd: string | undefined;
  git: boolean;
  remote: string;
  branch: string | undefined;
  dirty: 'refuse' | 'warn';
  force_add_reports: boolean;
  dry_run: boolean;
  doc_whitelist: readonly string[];
  tracked_output_globs: readonly string[];
  tracked_output_extensions: readonly string[];
  report_globs: readonly string[];
  report_extensions: readonly string[];
  max_doc_bytes: number;
  max_report_file_bytes: number;
  max_report_total_bytes: number;
  max_tracked_output_file_bytes: number;
  max_tracked_output_total_bytes: number;
  findings_file: string;
  input_file: string;
  logs_dir: string;
  tmp_dir: string;
}

export type KnobName = keyof KnobValues;

/** A knob: its default, the environment variables that set it, and how a text is read. */
export interface Knob<T> {
  fallback: T;
  /** The first that is set and not empty counts. */
  env: readonly string[];
  /** Lists in several of them go together; where they contradict each other, the first counts. */
  together?: true;
  /** What a text means; a string says why it means nothing. Absent: it cannot be set by a text. */
  read?: (text: string) => { value: T } | { wrong: string };
}

const text = (given: string): { value: string } => ({ value: given });
const list = (given: string): { value: readonly string[] } => ({
  value: given
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
});

function whole(least: number): (given: string) => { value: number } | { wrong: string } {
  return (given) => {
    const value = /^\d+$/.test(given.trim()) ? Number(given) : Number.NaN;
    return Number.isSafeInteger(value) && value >= least ? { value } : { wrong: `a whole number from ${least}` };
  };
}

function flag(given: string): { value: boolean } | { wrong: string } {
  const word = given.trim().toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(word)) return { value: true };
  if (['false', '0', 'no', 'off'].includes(word)) return { value: false };
  return { wrong: 'true or false' };
}

function choice<T extends string>(...values: readonly T[]): (given: string) => { value: T } | { wrong: string } {
  return (given) => {
    const value = values.find((each) => each === given.trim().toLowerCase());
    return value === undefined ? { wrong: `one of ${values.join(', ')}` } : { value };
  };
}

function limit(given: string): { value: Timeout } | { wrong: string } {
  if (given.trim() === 'none') return { value: 'none' };
  const value = given.trim() === '' ? Number.NaN : Number(given);
  return value > 0 && value <= 315_360_000 ? { value } : { wrong: 'a positive number of seconds, or none' };
}

/** Reads `NAME=AGENT,NAME=AGENT`. */
function pairs(given: string): { value: Record<string, string> } | { wrong: string } {
  const value: Record<string, string> = {};
  for (const part of list(given).value) {
    const [name, agent, ...more] = part.split('=').map((word) => word.trim());
    if (!name || !agent || more.length > 0) return { wrong: 'a list such as NAME=AGENT,NAME=AGENT' };
    value[name] = agent;
  }
  return { value };
}

function roles(given: string): { value: Record<string, string> } | { wrong: string } {
  const read = pairs(given);
  if ('wrong' in read) return read;
  const unknown = Object.keys(read.value).find((name) => roleOf(name) === undefined);
  if (unknown === undefined) return read;
  return { wrong: `about roles; there is no '${unknown}'${hintOf(unknown, ROLE_NAMES)}` };
}

/** Files that mark nothing: how the variable is set where no marker is wanted. */
function marker(given: string): { value: string | undefined } {
  return { value: ['0', 'false', 'no', 'off', 'none'].includes(given.trim().toLowerCase()) ? undefined : given };
}

/** Each of the older runners had a map of its own. */
function mapsOf(what: 'ROLE' | 'PROMPT'): readonly string[] {
  return ['ORCHESTRATOR', 'SUPERVISOR', 'LOOP'].map((runner) => `${runner}_AGENT_${what}`);
}

function mode(given: string): { value: RouterMode } | { wrong: string } {
  const value = routerMode(given);
  return value === undefined ? { wrong: 'one of router_default, router_first, router_only' } : { value };
}

function hintOf(name: string, known: readonly string[]): string {
  const near = didYouMean(name, known);
  return near === undefined ? '' : ` (${near})`;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** All knobs. What the originals of this kind of loop call their variables still works. */
export const KNOBS: { readonly [K in KnobName]: Knob<KnobValues[K]> } = {
  prompts_dir: { fallback: 'prompts', env: [], read: text },
  supervisor_prompt: { fallback: 'supervisor.md', env: ['SUPERVISOR_PROMPT', 'ROUTER_PROMPT_SUPERVISOR'], read: text },
  main_prompt: { fallback: 'main.md', env: ['LOOP_PROMPT', 'ROUTER_PROMPT_MAIN'], read: text },
  reviewer_prompt: { fallback: 'reviewer.md', env: ['REVIEWER_PROMPT', 'ROUTER_PROMPT_REVIEWER'], read: text },
  mode: { fallback: 'combined', env: ['ORCHESTRATOR_MODE'], read: choice('combined', 'role') },
  max_iterations: { fallback: 20, env: ['SYNC_LOOPS'], read: whole(1) },
  pause_between_turns: { fallback: false, env: ['LOOP_PAUSE_BETWEEN_TURNS'], read: flag },
  timeout_sec: { fallback: 'none', env: ['LOOP_TIMEOUT_SEC'], read: limit },
  stall_timeout_sec: { fallback: 'none', env: ['LOOP_STALL_TIMEOUT_SEC'], read: limit },
  budget: { fallback: undefined, env: [] },
  state_file: { fallback: 'sync/state.json', env: ['STATE_FILE'], read: text },
  start_prompt: { fallback: undefined, env: ['ORCHESTRATION_START_PROMPT'], read: text },
  completion_marker: { fallback: undefined, env: ['ORCHESTRATION_ENGINEER_SUMMARY_PATH'], read: marker },
  verdicts: { fallback: 'work', env: ['ORCHESTRATION_VERDICTS'], read: choice(...VERDICTS) },
  workflow: {
    fallback: 'standard',
    env: ['ORCHESTRATION_WORKFLOW'],
    read: choice(...WORKFLOWS),
  },
  review_every_n: {
    fallback: 0,
    env: ['ORCHESTRATION_WORKFLOW_REVIEW_EVERY_N', 'ROUTER_REVIEW_EVERY_N'],
    read: whole(0),
  },
  router_enabled: { fallback: false, env: ['ROUTER_ENABLED'], read: flag },
  router_mode: { fallback: 'router_default', env: ['ROUTER_MODE'], read: mode },
  router_prompt: { fallback: undefined, env: ['ROUTER_PROMPT'], read: text },
  router_allowlist: { fallback: [], env: ['ROUTER_ALLOWLIST'], read: list },
  router_applies_to: { fallback: 'first', env: ['ROUTER_APPLIES_TO'], read: choice('first', 'all') },
  agent: { fallback: 'auto', env: ['ORCHESTRATOR_AGENT'], read: text },
  supervisor_agent: { fallback: undefined, env: ['SUPERVISOR_AGENT'], read: text },
  main_agent: { fallback: undefined, env: ['LOOP_AGENT'], read: text },
  role_agents: { fallback: {}, env: mapsOf('ROLE'), together: true, read: roles },
  prompt_agents: { fallback: {}, env: mapsOf('PROMPT'), together: true, read: pairs },
  agents: { fallback: {}, env: [] },
  claude_cmd: { fallback: undefined, env: ['CLAUDE_CMD'], read: text },
  codex_cmd: { fallback: undefined, env: ['CODEX_CMD'], read: text },
  git: { fallback: false, env: ['ORCHESTRATION_SYNC_VIA_GIT'], read: flag },
  remote: { fallback: 'origin', env: ['ORCHESTRATION_REMOTE'], read: text },
  branch: { fallback: undefined, env: ['ORCHESTRATION_BRANCH'], read: text },
  force_add_reports: { fallback: false, env: ['ORCHESTRATION_FORCE_ADD_REPORTS'], read: flag },
  dry_run: { fallback: false, env: ['ORCHESTRATION_COMMIT_DRY_RUN'], read: flag },
  dirty: { fallback: 'refuse', env: ['ORCHESTRATION_DIRTY'], read: choice('refuse', 'warn') },
  doc_whitelist: {
    fallback: [
      'input.md',
      'galph_memory.md',
      'docs/fix_plan.md',
      'plans/**/*.md',
      'prompts/**/*.md',
      '.gitignore',
      '.gitmodules',
      '.gitattributes',
    ],
    env: ['SUPERVISOR_AUTOCOMMIT_WHITELIST'],
    read: list,
  },
  tracked_output_globs: {
    fallback: ['npy', 'npz', 'json', 'pkl'].map((kind) => `tests/fixtures/**/*.${kind}`),
    env: ['SUPERVISOR_TRACKED_OUTPUT_GLOBS'],
    read: list,
  },
  tracked_output_extensions: {
    fallback: ['.npy', '.npz', '.json', '.pkl'],
    env: ['SUPERVISOR_TRACKED_OUTPUT_EXTENSIONS'],
    read: list,
  },
  report_globs: { fallback: ['**/reports/**'], env: ['SUPERVISOR_REPORT_PATH_GLOBS', 'REPORT_PATH_GLOBS'], read: list },
  report_extensions: {
    fallback: ['.png', '.jpg', '.jpeg', '.npy', '.txt', '.md', '.json', '.csv', '.log'],
    env: ['SUPERVISOR_REPORT_EXTENSIONS', 'REPORT_EXTENSIONS'],
    read: list,
  },
  max_doc_bytes: { fallback: MIB, env: ['MAX_AUTOCOMMIT_BYTES'], read: whole(0) },
  max_report_file_bytes: {
    fallback: 5 * MIB,
    env: ['SUPERVISOR_MAX_REPORT_FILE_BYTES', 'MAX_REPORT_FILE_BYTES'],
    read: whole(0),
  },
  max_report_total_bytes: {
    fallback: 20 * MIB,
    env: ['SUPERVISOR_MAX_REPORT_TOTAL_BYTES', 'MAX_REPORT_TOTAL_BYTES'],
    read: whole(0),
  },
  max_tracked_output_file_bytes: {
    fallback: 32 * MIB,
    env: ['SUPERVISOR_MAX_TRACKED_OUTPUT_FILE_BYTES'],
    read: whole(0),
  },
  max_tracked_output_total_bytes: {
    fallback: 100 * MIB,
    env: ['SUPERVISOR_MAX_TRACKED_OUTPUT_TOTAL_BYTES'],
    read: whole(0),
  },
  findings_file: { fallback: 'docs/findings.md', env: [], read: text },
  input_file: { fallback: 'input.md', env: [], read: text },
  logs_dir: { fallback: 'logs', env: [], read: text },
  tmp_dir: { fallback: 'tmp', env: [], read: text },
};

/** What was said where. Texts of the command line are read as those of the environment are. */
export interface KnobSources {
  cli: Readonly<Partial<Record<KnobName, string>>>;
  env: Readonly<Record<string, string | undefined>>;
  file: Partial<KnobValues>;
}

/** What a knob came to, and who said so. */
export interface Resolved<T> {
  value: T;
  from: 'cli' | 'env' | 'file' | 'default';
}

/** A text that means nothing to its knob. */
export interface KnobFault {
  name: KnobName;
  /** `--set NAME` or the variable. */
  where: string;
  message: string;
}

/** The value of one knob: the command line counts before the environment, that before the file, that before the default. */
export function resolveKnob<K extends KnobName>(
  name: K,
  sources: KnobSources,
): Result<Resolved<KnobValues[K]>, KnobFault> {
  const knob: Knob<KnobValues[K]> = KNOBS[name];
  const given = givenText(name, knob, sources);
  if (given !== undefined && knob.read !== undefined) {
    const read = knob.read(given.text);
    if ('value' in read) return { ok: true, value: { value: read.value, from: given.from } };
    const message = `${given.where}: ${JSON.stringify(given.text)} is not ${read.wrong}`;
    return { ok: false, error: { name, where: given.where, message } };
  }
  const said = sources.file[name];
  if (said !== undefined) return { ok: true, value: { value: said, from: 'file' } };
  return { ok: true, value: { value: knob.fallback, from: 'default' } };
}

function givenText<T>(
  name: KnobName,
  { env, together }: Knob<T>,
  sources: KnobSources,
): { text: string; where: string; from: 'cli' | 'env' } | undefined {
  const cli = sources.cli[name];
  if (cli !== undefined) return { text: cli, where: `--set ${name}`, from: 'cli' };
  const variables = env.filter((each) => (sources.env[each] ?? '') !== '').slice(0, together === true ? env.length : 1);
  if (variables.length === 0) return undefined;
  // What is read last counts.
  const texts = variables.map((each) => sources.env[each]!).toReversed();
  return { text: texts.join(','), where: variables.join(', '), from: 'env' };
}

/** All knobs at once, or all that is wrong with what was given. */
export function resolveKnobs(sources: KnobSources): Result<{ [K in KnobName]: Resolved<KnobValues[K]> }, KnobFault[]> {
  const faults: KnobFault[] = [];
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(KNOBS) as KnobName[]) {
    const resolved = resolveKnob(name, sources);
    if (resolved.ok) values[name] = resolved.value;
    else faults.push(resolved.error);
  }
  if (faults.length > 0) return { ok: false, error: faults };
  return { ok: true, value: values as { [K in KnobName]: Resolved<KnobValues[K]> } };
}
