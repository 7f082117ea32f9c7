import { describe, expect, test } from 'vitest';
import { KNOBS, resolveKnob, resolveKnobs, type KnobName, type KnobValues } from '../../src/loop/index.js';
import { agentFor } from '../../src/loop/agents.js';
import { configOf } from './sample.js';

/** For each knob that a text can set: a text, what it means, and what a file may say instead. */
const TEXTS: { [K in KnobName]?: [text: string, value: KnobValues[K], file: KnobValues[K]] } = {
  prompts_dir: ['p', 'p', 'q'],
  supervisor_prompt: ['a.md', 'a.md', 'b.md'],
  main_prompt: ['a.md', 'a.md', 'b.md'],
  reviewer_prompt: ['a.md', 'a.md', 'b.md'],
  mode: ['ROLE', 'role', 'combined'],
  max_iterations: ['7', 7, 9],
  pause_between_turns: ['yes', true, false],
  timeout_sec: ['1.5', 1.5, 'none'],
  stall_timeout_sec: ['none', 'none', 4],
  state_file: ['s.json', 's.json', 't.json'],
  start_prompt: ['main', 'main', 'supervisor.md'],
  completion_marker: ['done.md', 'done.md', 'other.md'],
  verdicts: ['none', 'none', 'all'],
  workflow: ['review_cadence2', 'review_cadence2', 'standard2'],
  review_every_n: ['0', 0, 5],
  router_enabled: ['off', false, true],
  router_mode: ['Router-Only', 'router_only', 'router_first'],
  router_prompt: ['r.md', 'r.md', 's.md'],
  router_allowlist: ['a.md, b', ['a.md', 'b'], ['c']],
  router_applies_to: ['all', 'all', 'first'],
  agent: ['codex', 'codex', 'claude'],
  supervisor_agent: ['codex', 'codex', undefined],
  main_agent: ['codex', 'codex', undefined],
  role_agents: ['galph=codex', { galph: 'codex' }, { main: 'claude' }],
  prompt_agents: ['a.md=codex,b=claude', { 'a.md': 'codex', b: 'claude' }, {}],
  claude_cmd: ['./claude', './claude', undefined],
  codex_cmd: ['./codex', './codex', undefined],
  git: ['1', true, false],
  remote: ['up', 'up', 'origin'],
  branch: ['main', 'main', 'dev'],
  dirty: ['warn', 'warn', 'refuse'],
  force_add_reports: ['1', true, false],
  dry_run: ['1', true, false],
  doc_whitelist: ['a,b', ['a', 'b'], ['c']],
  tracked_output_globs: ['a', ['a'], ['b']],
  tracked_output_extensions: ['.a', ['.a'], ['.b']],
  report_globs: ['a/**', ['a/**'], ['b']],
  report_extensions: ['.a', ['.a'], ['.b']],
  max_doc_bytes: ['1', 1, 2],
  max_report_file_bytes: ['1', 1, 2],
  max_report_total_bytes: ['1', 1, 2],
  max_tracked_output_file_bytes: ['1', 1, 2],
  max_tracked_output_total_bytes: ['1', 1, 2],
  findings_file: ['f', 'f', 'g'],
  input_file: ['f', 'f', 'g'],
  logs_dir: ['f', 'f', 'g'],
  tmp_dir: ['f', 'f', 'g'],
};

const names = Object.keys(KNOBS) as KnobName[];
const settable = names.filter((name) => KNOBS[name].read !== undefined);

test('the table has every knob that a text can set', () => {
  expect(Object.keys(TEXTS).sort()).toEqual([...settable].sort());
});

describe('precedence of every knob: command line, environment, file, default', () => {
  test.each(settable)('%s', (name) => {
    const [text, value, inFile] = TEXTS[name]!;
    const file = { [name]: inFile };
    const resolve = (cli: string | undefined, env: string | undefined, said: object): unknown => {
      const variable = KNOBS[name].env[0];
      const found = resolveKnob(name, {
        cli: cli === undefined ? {} : { [name]: cli },
        env: variable === undefined || env === undefined ? {} : { [variable]: env },
        file: said,
      });
      return found.ok ? [found.value.from, found.value.value] : found.error.message;
    };
    const nothing = { from: 'default', value: KNOBS[name].fallback };
    expect(resolve(undefined, undefined, {})).toEqual([nothing.from, nothing.value]);
    if (inFile !== undefined) expect(resolve(undefined, undefined, file)).toEqual(['file', inFile]);
    expect(resolve(text, undefined, file)).toEqual(['cli', value]);
    if (KNOBS[name].env.length === 0) return;
    expect(resolve(undefined, text, file)).toEqual(['env', value]);
    expect(resolve(text, 'not even looked at', file)).toEqual(['cli', value]);
    if (inFile !== undefined) expect(resolve(undefined, '', file)).toEqual(['file', inFile]); // an empty variable is none
  });
});

test('the newer name of a variable counts before the older', () => {
  const env = { ROUTER_REVIEW_EVERY_N: '3', ORCHESTRATION_WORKFLOW_REVIEW_EVERY_N: '5' };
  const both = resolveKnob('review_every_n', { cli: {}, env, file: {} });
  expect(both).toMatchObject({ value: { value: 5 } });
  const older = resolveKnob('review_every_n', { cli: {}, env: { ROUTER_REVIEW_EVERY_N: '3' }, file: {} });
  expect(older).toMatchObject({ value: { value: 3 } });
});

test('what means nothing is an error that names where it came from, all of them at once', () => {
  const resolved = resolveKnobs({
    cli: { max_iterations: '0', router_mode: 'turbo' },
    env: { ORCHESTRATOR_AGENT_ROLE: 'boss=codex', LOOP_PAUSE_BETWEEN_TURNS: 'perhaps', SYNC_LOOPS: '5' },
    file: {},
  });
  expect(resolved.ok ? [] : resolved.error.map(({ message }) => message)).toEqual([
    '--set max_iterations: "0" is not a whole number from 1',
    'LOOP_PAUSE_BETWEEN_TURNS: "perhaps" is not true or false',
    '--set router_mode: "turbo" is not one of router_default, router_first, router_only',
    'ORCHESTRATOR_AGENT_ROLE: "boss=codex" is not about roles; there is no \'boss\'',
  ]);
});

test('CLAUDE_CMD and CODEX_CMD say what to call', () => {
  const config = configOf('', { env: { CODEX_CMD: './my-codex --profile loop', CLAUDE_CMD: ' ' } });
  expect(config.agents.settings).toEqual({
    codex: { adapter: 'codex', command: './my-codex', args: ['--profile', 'loop'] },
  });
});

test('the older runners had variables of their own: for their role, and maps that go together', () => {
  const env = {
    ORCHESTRATOR_AGENT: 'claude',
    LOOP_AGENT: 'codex',
    ORCHESTRATOR_AGENT_PROMPT: 'reviewer=gemini',
    SUPERVISOR_AGENT_PROMPT: 'reviewer=codex,supervisor=opencode',
    LOOP_AGENT_ROLE: 'ralph=gemini',
    ROUTER_PROMPT_MAIN: 'engineer.md',
    ORCHESTRATION_ENGINEER_SUMMARY_PATH: 'off',
  };
  const config = configOf('', { env });
  expect(config.agents).toMatchObject({
    default: 'claude',
    cli_prompts: { 'reviewer.md': 'gemini', 'supervisor.md': 'opencode' },
    cli_roles: { main: 'gemini' },
    role_defaults: { main: 'codex' },
  });
  expect(config.prompts.main.key).toBe('engineer.md');
  expect(config).not.toHaveProperty('completion_marker');
  expect(() => configOf('', { env: { SUPERVISOR_AGENT: 'nobody' } })).toThrow("there is no agent 'nobody'");
});

const agentOfMain = (env: Record<string, string>, file = ''): string => {
  const { agents, prompts } = configOf(file, { env });
  return agentFor(agents, 'main', prompts.main);
};

test('an agent of a role counts before the default, and after all that names a role or a prompt', () => {
  expect(agentOfMain({ LOOP_AGENT: 'codex', ORCHESTRATOR_AGENT: 'claude' })).toBe('codex');
  expect(agentOfMain({ LOOP_AGENT: 'codex' }, 'agent: {roles: {main: gemini}}\n')).toBe('gemini');
  expect(agentOfMain({ LOOP_AGENT: 'codex', LOOP_AGENT_PROMPT: 'main=opencode' })).toBe('opencode');
});

const promptsOf = (text: string): string[] => {
  const { prompts, review_every_n } = configOf(text);
  return [prompts.supervisor.key, prompts.main.key, String(review_every_n)];
};

test('the second workflows have prompts of their own, unless they are named', () => {
  expect(promptsOf('workflow: {name: standard2}\n')).toEqual(['supervisor2.md', 'main2.md', '0']);
  expect(promptsOf('workflow: {name: review_cadence2, review_every_n: 3}\nmain_prompt: main.md\n')).toEqual([
    'supervisor2.md',
    'main.md',
    '3',
  ]);
});

test('the prompt that a loop begins with is that of a role', () => {
  expect(configOf('start_prompt: prompts/main.md\n').start_role).toBe('main');
  expect(() => configOf('start_prompt: reviewer\n')).toThrow("'reviewer' is the prompt of no role");
});

test('the state file has a default, and may be none', () => {
  expect(configOf('').state_file).toBe('sync/state.json');
  expect(configOf('state_file: none\n')).not.toHaveProperty('state_file');
});
