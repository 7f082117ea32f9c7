import { typedPath } from '../../host/typed-path.js';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readConfigFile } from '../../client/plan-files.js';
import { takeAlong } from '../../client/take-along.js';
import {
  AUTO_AGENT,
  readLoopFile,
  resolveConfig,
  resolveKnobs,
  KNOBS,
  type KnobName,
  type LoopConfig,
  type LoopFile,
} from '../../loop/index.js';
import { fullNote } from '../../plan/check/agent-names.js';
import type { PlanTexts } from '../../plan/files/plan-text.js';
import type { Diagnostic } from '../../plan/model/diagnostic.js';
import { didYouMean } from '../../plan/problems/suggest.js';
import type { CliContext } from '../context.js';
import { DiagnosticsError, UsageError } from '../errors.js';
import { readEnv } from '../options/plan.js';
import { defined } from '../../basics/defined.js';

const FILE = 'orchestration.yaml';
/** A file above this is no configuration. Bytes. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Options by which a loop's knobs are set. */
export interface LoopFlags {
  set: string[];
  mode?: string;
  maxIterations?: string;
  agent?: string;
  agentRole?: string;
  agentPrompt?: string;
  promptSupervisor?: string;
  promptMain?: string;
  promptReviewer?: string;
  workflow?: string;
  reviewEveryN?: string;
  useRouter?: boolean;
  /** False with `--no-router`. */
  router?: boolean;
  routerPrompt?: string;
  routerMode?: string;
  routerAllowlist?: string;
  routerAppliesTo?: string;
  syncViaGit?: boolean;
  /** False with `--no-git`. */
  git?: boolean;
  branch?: string;
  commitDryRun?: boolean;
  tolerateDirty?: boolean;
  stateFile?: string;
  startPrompt?: string;
  completionMarker?: string;
  pause?: boolean;
  env: string[];
}

/** A loop's configuration with its file. */
export interface LoadedLoop {
  config: LoopConfig;
  /** Absolute folder of the file: what its paths count from. */
  baseDir: string;
  /** Absolute. */
  file: string;
  env: Record<string, string>;
}

/**
 * Loads a loop's configuration: the file, over it the environment, over it the command line.
 *
 * @param given its file, or its folder; default: the nearest `orchestration.yaml`, here or in a parent folder
 * @throws DiagnosticsError with all that is wrong, each at its place; UsageError
 */
export async function loadLoop(
  context: CliContext,
  given: string | undefined,
  flags: LoopFlags,
  embedded: boolean,
): Promise<LoadedLoop> {
  const file = findLoopFile(context, given);
  const name = typedPath(context.cwd, file);
  const bytes = await readBytes(file, name);
  const texts: PlanTexts = new Map([[name, { name, text: bytes }]]);
  const read = readLoopFile(bytes, name);
  if (!read.ok) throw new DiagnosticsError(read.error, texts);
  const knobs = resolveKnobs({ cli: cliKnobs(flags), env: context.env, file: read.value.knobs });
  if (!knobs.ok) throw new UsageError(knobs.error.map(({ message }) => message).join('; '));
  const baseDir = path.dirname(file);
  const shared = await readConfigFile(baseDir, context.cwd);
  if (!shared.ok) throw new DiagnosticsError(shared.error);
  const resolved = resolveConfig(knobs.value, read.value.knobs, shared.value.agents);
  // What the command line or a variable says has no place in the file.
  const placed = (diagnostic: Diagnostic, knob: KnobName): Diagnostic =>
    knobs.value[knob].from === 'cli' || knobs.value[knob].from === 'env'
      ? diagnostic
      : placeOf(read.value, diagnostic, knob, name);
  if (!resolved.ok)
    throw new DiagnosticsError(
      resolved.error.map(({ knob, ...each }) => placed(each, knob)),
      texts,
    );
  const config = resolved.value;
  for (const name of usedAgents(config)) {
    if (config.agents.settings[name]?.permissions === 'full') context.note(`note: ${fullNote(name)}\n`);
  }
  const missing = config.mode === 'role' ? [] : missingPrompts(config, baseDir);
  if (missing.length > 0)
    throw new DiagnosticsError(
      missing.map(([each, knob]) => placed(each, knob)),
      texts,
    );
  const taken = takeAlong([], { from: context.env, given: readEnv(context, flags), embedded });
  if (taken.diagnostics.length > 0) throw new DiagnosticsError(taken.diagnostics);
  return { config, baseDir, file, env: taken.env };
}

/** The agents that its prompts and roles name; `auto` is one of two. */
function usedAgents({ agents }: LoopConfig): string[] {
  const maps = [agents.cli_prompts, agents.cli_roles, agents.prompts, agents.roles];
  const named = [agents.default, ...maps.flatMap((map) => Object.values(map))];
  return [...new Set(named.flatMap((name) => (name === AUTO_AGENT ? ['claude', 'codex'] : [name])))];
}

/** The file that a command means. @throws UsageError where there is none */
export function findLoopFile(context: CliContext, given: string | undefined): string {
  if (given !== undefined) {
    const absolute = path.resolve(context.cwd, given);
    const isFolder = statSync(absolute, { throwIfNoEntry: false })?.isDirectory() === true;
    return isFolder ? path.join(absolute, FILE) : absolute;
  }
  for (let dir = path.resolve(context.cwd); ; dir = path.dirname(dir)) {
    const candidate = path.join(dir, FILE);
    if (existsSync(candidate)) return candidate;
    if (dir === path.dirname(dir)) break;
  }
  throw new UsageError(`There is no ${FILE} here or in a parent folder`, '`orch loop init` writes one');
}

async function readBytes(file: string, name: string): Promise<Uint8Array> {
  const stat = statSync(file, { throwIfNoEntry: false });
  const fail = (code: string, message: string, hint?: string): DiagnosticsError =>
    new DiagnosticsError([{ code, severity: 'error', message, file: name, line: 1, column: 1, ...defined({ hint }) }]);
  if (stat === undefined) throw fail('file_not_found', 'there is no such file', '`orch loop init` writes one');
  if (!stat.isFile()) throw fail('not_a_file', 'this is not a file');
  if (stat.size > MAX_BYTES) throw fail('file_too_large', `the file is ${stat.size} bytes`);
  try {
    return await readFile(file);
  } catch (error) {
    throw fail('file_unreadable', (error as Error).message);
  }
}

/** Knobs that the command line sets, by the text that it gives for each. */
function cliKnobs(flags: LoopFlags): Partial<Record<KnobName, string>> {
  const knobs: Partial<Record<KnobName, string | undefined>> = {
    mode: flags.mode,
    max_iterations: flags.maxIterations,
    agent: flags.agent,
    role_agents: flags.agentRole,
    prompt_agents: flags.agentPrompt,
    supervisor_prompt: flags.promptSupervisor,
    main_prompt: flags.promptMain,
    reviewer_prompt: flags.promptReviewer,
    workflow: flags.workflow,
    review_every_n: flags.reviewEveryN,
    router_enabled: flags.router === false ? 'false' : flags.useRouter ? 'true' : undefined,
    router_prompt: flags.routerPrompt,
    router_mode: flags.routerMode,
    router_allowlist: flags.routerAllowlist,
    router_applies_to: flags.routerAppliesTo,
    git: flags.git === false ? 'false' : flags.syncViaGit ? 'true' : undefined,
    branch: flags.branch,
    dry_run: flags.commitDryRun ? 'true' : undefined,
    dirty: flags.tolerateDirty ? 'warn' : undefined,
    state_file: flags.stateFile,
    start_prompt: flags.startPrompt,
    completion_marker: flags.completionMarker,
    pause_between_turns: flags.pause ? 'true' : undefined,
  };
  const settable = Object.entries(KNOBS).flatMap(([name, { read }]) => (read === undefined ? [] : [name]));
  for (const pair of flags.set) {
    const at = pair.indexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at);
    if (at < 0 || !settable.includes(name)) {
      const hint = at < 0 ? 'use --set NAME=VALUE' : (didYouMean(name, settable) ?? `settings: ${settable.join(', ')}`);
      throw new UsageError(`--set ${pair}: ${at < 0 ? 'a value is missing' : `there is no setting '${name}'`}`, hint);
    }
    knobs[name as KnobName] = pair.slice(at + 1);
  }
  const given = Object.entries(knobs).filter((entry): entry is [KnobName, string] => entry[1] !== undefined);
  return Object.fromEntries(given);
}

/** The place of a setting in the file, where it stands there. */
function placeOf({ opened, paths }: LoopFile, diagnostic: Diagnostic, knob: KnobName, file: string): Diagnostic {
  const at = paths[knob];
  return at === undefined ? { ...diagnostic, file, line: 1, column: 1 } : opened.place({ ...diagnostic, path: at });
}

/** Prompts that will be run for sure, or that a person has named, and that are not there. */
function missingPrompts(config: LoopConfig, baseDir: string): [Diagnostic, KnobName][] {
  const { prompts, reviewer, router, review_every_n: cadence, allowlist } = config;
  const standard = new Set([prompts.supervisor.key, prompts.main.key, reviewer.key]);
  const wanted: [KnobName, { file: string }][] = [
    ['supervisor_prompt', prompts.supervisor],
    ['main_prompt', prompts.main],
    ...(cadence > 0 ? [['reviewer_prompt', reviewer] as [KnobName, { file: string }]] : []),
    ...(router.prompt === undefined ? [] : [['router_prompt', router.prompt] as [KnobName, { file: string }]]),
    ...(router.mode === 'off' ? [] : allowlist)
      .filter(({ key }) => !standard.has(key))
      .map((prompt): [KnobName, { file: string }] => ['router_allowlist', prompt]),
  ];
  return wanted.flatMap(([knob, { file }]) => {
    if (statSync(path.resolve(baseDir, file), { throwIfNoEntry: false })?.isFile() === true) return [];
    const diagnostic: Diagnostic = {
      code: 'prompt_file_missing',
      severity: 'error',
      message: `there is no prompt ${file}`,
      hint: 'paths are relative to the folder of the configuration; `orch loop init` writes stubs',
    };
    return [[diagnostic, knob] as [Diagnostic, KnobName]];
  });
}
