import type { Diagnostic, Result } from '../plan/model/diagnostic.js';
import { isMap } from '../plan/problems/paths.js';
import { byPlace, cut, openText, type OpenText } from '../plan/document/open-text.js';
import { collectProblems, toDiagnostic } from '../plan/problems/problems.js';
import { addSchemaIssues, type SchemaWords } from '../plan/schema/issues.js';
import { agentsOf } from '../plan/normalise/agent.js';
import { configSchema, type SourceConfig } from './config-schema.js';
import type { KnobValues } from './knobs.js';
import { ROLE_NAMES, roleOf } from './roles.js';
import { didYouMean } from '../plan/problems/suggest.js';
import { routerMode } from './router-modes.js';

/** A configuration that was read, before the command line and the environment have their say. */
export interface LoopFile {
  knobs: Partial<KnobValues>;
  /** Where each knob stands in the file. */
  paths: Readonly<Partial<Record<keyof KnobValues, string>>>;
  opened: OpenText;
}

/**
 * Reads `orchestration.yaml`. A file of comments is one that says nothing; a broken one is refused.
 *
 * @returns what it says, or everything that is wrong with it, each with file, line and column
 */
export function readLoopFile(text: string | Uint8Array, file: string): Result<LoopFile, Diagnostic[]> {
  const read = openText(text, file);
  if ('faults' in read) {
    const isEmpty = read.faults.every((fault) => fault.code === 'empty_plan');
    return isEmpty ? readLoopFile('{}', file) : { ok: false, error: read.faults.map(aboutConfig) };
  }
  const { opened } = read;
  const { value } = opened;
  const found = check(value);
  if (found.length > 0) {
    return { ok: false, error: cut(found.map((each) => opened.place(each)).sort(byPlace)) };
  }
  const { knobs, paths } = knobsOf(value as SourceConfig);
  return { ok: true, value: { knobs, paths, opened } };
}

/** What is wrong with a configuration that is plain data; diagnostics have paths, and no lines. */
function check(value: unknown): Diagnostic[] {
  if (!isMap(value)) {
    const message = 'a loop’s configuration is a map of settings';
    return [toDiagnostic({ code: 'wrong_type', path: [], message })];
  }
  const problems = collectProblems();
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) addSchemaIssues(parsed.error.issues, value, problems, WORDS);
  for (const path of [['router', 'mode'], ['router_mode']]) {
    const mode =
      path.length === 1 ? value['router_mode'] : isMap(value['router']) ? value['router']['mode'] : undefined;
    if (typeof mode !== 'string' || routerMode(mode) !== undefined) continue;
    const message = `'${mode}' is not a router mode`;
    const hint = didYouMean(mode, MODES) ?? 'use router_default, router_first or router_only';
    problems.add({ code: 'invalid_value', path, message, hint });
  }
  const roles = isMap(value['agent']) ? value['agent']['roles'] : undefined;
  for (const name of isMap(roles) ? Object.keys(roles) : []) {
    if (roleOf(name) !== undefined) continue;
    const hint = didYouMean(name, ROLE_NAMES) ?? 'use supervisor (galph) or main (ralph, loop)';
    problems.add({ code: 'unknown_key', path: ['agent', 'roles', name], message: `there is no role '${name}'`, hint });
  }
  return problems.found;
}

/** What is said where a configuration differs from its schema. */
const WORDS: SchemaWords = {
  schema: configSchema,
  notADocument: () => ({ code: 'wrong_type', path: [], message: 'a loop’s configuration is a map of settings' }),
  wrongVersion: (value) => ({
    code: 'unknown_key',
    path: ['version'],
    message: `unknown key ${JSON.stringify(value)}`,
  }),
  strangeKey: (_, key) => ({ hint: `name it 'x-${key}' to have it ignored` }),
};

const MODES = ['router_default', 'router_first', 'router_only'];

/** Words about plans, said of a configuration. */
function aboutConfig(fault: Diagnostic): Diagnostic {
  if (fault.hint === undefined || !/\bplan\b/.test(fault.hint)) return fault;
  const { hint: _, ...rest } = fault;
  return rest;
}

/** The knobs that a file sets: what is nested counts before its flat alias. */
function knobsOf(source: SourceConfig): Pick<LoopFile, 'knobs' | 'paths'> {
  const knobs: Partial<Record<keyof KnobValues, unknown>> = {};
  const paths: Partial<Record<keyof KnobValues, string>> = {};
  const set = (name: keyof KnobValues, ...from: readonly [path: string, value: unknown][]): void => {
    const found = from.find(([, value]) => value !== undefined && value !== null && value !== '');
    if (found === undefined) return;
    [paths[name], knobs[name]] = found;
  };
  const { router, workflow, agent, git } = source;
  for (const name of PLAIN) set(name, [name, source[name]]);
  set('router_enabled', ['router.enabled', router?.enabled], ['router_enabled', source.router_enabled]);
  const mode = router?.mode ?? source.router_mode;
  const modePath = typeof router?.mode === 'string' ? 'router.mode' : 'router_mode';
  set('router_mode', [modePath, typeof mode === 'string' ? routerMode(mode) : undefined]);
  set('router_prompt', ['router.prompt', router?.prompt], ['router_prompt', source.router_prompt]);
  set('router_allowlist', ['router.allowlist', router?.allowlist], ['router_allowlist', source.router_allowlist]);
  set('router_applies_to', ['router.applies_to', router?.applies_to]);
  set('workflow', ['workflow.name', workflow?.name], ['workflow_name', source.workflow_name]);
  set(
    'review_every_n',
    ['workflow.review_every_n', workflow?.review_every_n],
    ['workflow_review_every_n', source.workflow_review_every_n],
    ['router.review_every_n', router?.review_every_n],
    ['router_review_every_n', source.router_review_every_n],
  );
  set('agent', ['agent.default', agent?.default]);
  set('role_agents', ['agent.roles', agent?.roles]);
  set('prompt_agents', ['agent.prompts', agent?.prompts]);
  set('agents', ['agents', source.agents && agentsOf(source.agents)]);
  set('git', ['git.enabled', git?.enabled]);
  set('remote', ['git.remote', git?.remote]);
  set('branch', ['git.branch', git?.branch]);
  set('dirty', ['git.dirty', git?.dirty]);
  set('force_add_reports', ['git.force_add_reports', git?.force_add_reports]);
  set('dry_run', ['git.dry_run', git?.dry_run]);
  set('budget', ['budget', source.budget]);
  return { knobs: knobs as Partial<KnobValues>, paths };
}

/** Knobs whose name is their key. */
const PLAIN = [
  'prompts_dir',
  'supervisor_prompt',
  'main_prompt',
  'reviewer_prompt',
  'mode',
  'max_iterations',
  'pause_between_turns',
  'timeout_sec',
  'stall_timeout_sec',
  'state_file',
  'start_prompt',
  'completion_marker',
  'verdicts',
  'doc_whitelist',
  'tracked_output_globs',
  'tracked_output_extensions',
  'report_globs',
  'report_extensions',
  'max_doc_bytes',
  'max_report_file_bytes',
  'max_report_total_bytes',
  'max_tracked_output_file_bytes',
  'max_tracked_output_total_bytes',
  'findings_file',
  'input_file',
  'logs_dir',
  'tmp_dir',
] as const;
