import { describe, expect, test } from 'vitest';
import { readLoopFile } from '../../src/loop/index.js';
import { configOf, faultsOf } from './sample.js';

/** As projects have it. */
const OLD_FILE = `
prompts_dir: prompts
supervisor_prompt: supervisor.md
main_prompt: main.md
reviewer_prompt: reviewer.md
state_file: sync/state.json
doc_whitelist: [input.md, docs/fix_plan.md]
tracked_output_globs: ["tests/fixtures/**/*.npy"]
report_extensions: [".png", ".md"]
tracked_output_extensions: [".npy"]
findings_file: docs/findings.md
input_file: input.md
logs_dir: logs
tmp_dir: tmp
router_enabled: true
router_mode: "Router First"
router_prompt: router
router_review_every_n: 3
router_allowlist: [supervisor, main.md, prompts/reviewer.md]
agent:
  default: claude
  roles: {galph: codex, loop: claude}
  prompts: {reviewer.md: codex}
spec_bootstrap:
  templates_dir: ~/templates
`;

const cadence = (text: string): number => configOf(`router_enabled: true\n${text}`).review_every_n;
const hints = (text: string): unknown => {
  const read = readLoopFile(text, 'f.yaml');
  return read.ok ? [] : read.error.map(({ hint }) => hint);
};
const codesOf = (text: string | Uint8Array): string[] => {
  const result = readLoopFile(text, 'f.yaml');
  return result.ok ? ['ok'] : result.error.map(({ code }) => code);
};

test('an older orchestration.yaml works as it is', () => {
  const config = configOf(OLD_FILE);
  expect(config).toMatchObject({
    prompts: { supervisor: { key: 'supervisor.md', file: 'prompts/supervisor.md' } },
    router: { mode: 'router_first', prompt: { key: 'router.md', file: 'prompts/router.md' }, applies_to: 'first' },
    review_every_n: 3,
    agents: { default: 'claude', roles: { supervisor: 'codex', main: 'claude' }, prompts: { 'reviewer.md': 'codex' } },
    state_file: 'sync/state.json',
  });
  expect(config.allowlist.map(({ key }) => key)).toEqual(['supervisor.md', 'main.md', 'reviewer.md']);
});

test('a file that says nothing means the defaults: a plain sequence, without git', () => {
  for (const text of ['', '# nothing yet\n', '{}']) {
    const config = configOf(text);
    expect([config.router.mode, config.review_every_n, config.git, config.mode, config.max_iterations]).toEqual([
      'off',
      0,
      undefined,
      'combined',
      20,
    ]);
  }
});

test('what is nested counts before its flat alias', () => {
  const both = 'router: {enabled: false, mode: only}\nrouter_enabled: true\nrouter_mode: first\nrouter_prompt: r.md\n';
  expect(configOf(both).router.mode).toBe('off');
  expect(configOf(both.replace('enabled: false', 'enabled: true')).router.mode).toBe('router_only');
});

test('the cadence of the router is inherited where the workflow says nothing, and 0 says something', () => {
  expect(cadence('router: {review_every_n: 4}\n')).toBe(4);
  expect(cadence('router: {review_every_n: 4}\nworkflow: {review_every_n: 2}\n')).toBe(2);
  expect(cadence('router: {review_every_n: 4}\nworkflow_review_every_n: 0\n')).toBe(0);
  expect(configOf('router: {review_every_n: 4}\n').review_every_n).toBe(0); // the router is off
  expect(configOf('workflow: {name: review_cadence, review_every_n: 4}\n').review_every_n).toBe(4);
});

describe('a mistake is told at its place', () => {
  test.each<[title: string, text: string, expected: string[]]>([
    ['"false" is not true', 'router:\n  enabled: "false"\n', ['2:12 wrong_type router.enabled']],
    ['a bad router mode is refused at load', 'router: {mode: turbo}\n', ['1:16 invalid_value router.mode']],
    ['in its flat form, too', 'router_mode: 7\n', ['1:14 wrong_type router_mode']],
    ['a misspelt key', 'suprvisor_prompt: a.md\n', ['1:1 unknown_key suprvisor_prompt']],
    ['a key of something else', 'steps: []\n', ['1:1 unknown_key steps']],
    ['a nested misspelt key', 'router:\n  alowlist: [a]\n', ['2:3 unknown_key router.alowlist']],
    ['an unknown workflow', 'workflow: {name: waltz}\n', ['1:18 invalid_value workflow.name']],
    ['a role that is none', 'agent: {roles: {boss: codex}}\n', ['1:17 unknown_key agent.roles.boss']],
    ['a negative cadence', 'router_review_every_n: -1\n', ['1:24 out_of_range router_review_every_n']],
    ['a fraction', 'max_iterations: 1.5\n', ['1:17 wrong_type max_iterations']],
    ['a text where a list belongs', 'router: {allowlist: main.md}\n', ['1:21 wrong_type router.allowlist']],
    ['a key twice', 'mode: role\nmode: combined\n', ['2:1 duplicate_key']],
    ['broken YAML is no file of defaults', 'router: {enabled: true\nmode: x\n', ['3:1 syntax_error']],
    ['a list', '- a\n', ['1:1 wrong_type']],
    ['a text', 'just words\n', ['1:1 wrong_type']],
    ['a number', '7\n', ['1:1 wrong_type']],
  ])('%s', (_, text, expected) => {
    const found = faultsOf(text);
    // Where a parser sees an open bracket end is its own affair.
    if (expected[0]?.endsWith('syntax_error')) expect(found.some((each) => each.endsWith('syntax_error'))).toBe(true);
    else expect(found).toEqual(expected);
  });

  test('a misspelt key gets a suggestion, also below the top', () => {
    expect(hints('suprvisor_prompt: a.md\n')).toEqual(["did you mean 'supervisor_prompt'?"]);
    expect(hints('router: {aplies_to: all}\n')).toEqual(["did you mean 'applies_to'?"]);
    expect(hints('router: {mode: router-frist}\n')).toEqual(["did you mean 'router_first'?"]);
  });

  test('binary, deep and huge files are refused, not read', () => {
    expect(codesOf(new Uint8Array([0, 1, 2, 255]))).toEqual(['not_text']);
    expect(codesOf(new Uint8Array([0x6d, 0x3a, 0xff, 0xfe]))).toEqual(['not_text']);
    expect(codesOf(`a: ${'['.repeat(500)}`)).toEqual(['too_deep']);
    expect(codesOf('x'.repeat(17 * 1024 * 1024))).toEqual(['file_too_large']);
  });
});

test('settings that do not fit together are refused: router_only without a prompt, agents that nobody knows', () => {
  expect(() => configOf('router: {enabled: true, mode: router_only}\n')).toThrow('router_only needs a router prompt');
  expect(() => configOf('agent: {roles: {galph: codx}}\n')).toThrow("there is no agent 'codx'");
  expect(() => configOf('agent: {default: mine}\n')).toThrow("there is no agent 'mine'");
  expect(configOf('agent: {default: mine}\nagents: {mine: {command: ./mine.sh}}\n').agents.settings).toEqual({
    mine: { command: './mine.sh' },
  });
});

test.each(['../x.md', '/etc/passwd', 'a\\b.md', '.'])('a prompt cannot leave the folder of prompts: %s', (name) => {
  expect(() => configOf(`main_prompt: ${JSON.stringify(name)}\n`)).toThrow('is not a file below prompts');
});
