import { describe, expect, test } from 'vitest';
import { adapterOf } from '../../src/agents/adapters/index.js';
import type { TurnEnd } from '../../src/agents/failure.js';
import { concludeTurn, type TurnCircumstances } from '../../src/agents/outcome.js';
import { noProgress } from '../../src/agents/types.js';
import type { AgentSettings } from '../../src/plan/model/agent.js';

/** How each agent says the same things. */
interface Tongue {
  settings: AgentSettings;
  begin: (session: string) => object[];
  work: () => object[];
  answer: (text: string) => (object | string)[];
  fail: (text: string) => object[];
  refuse: () => object[];
}

const TONGUES: Readonly<Record<string, Tongue>> = {
  claude: {
    settings: { adapter: 'claude' },
    begin: (session_id) => [{ type: 'system', subtype: 'init', session_id }],
    work: () => [{ type: 'assistant', message: { content: [{ type: 'tool_use', name: 'Bash' }] } }],
    answer: (result) => [{ type: 'result', subtype: 'success', is_error: false, result }],
    fail: (result) => [{ type: 'result', subtype: 'success', is_error: true, result }],
    refuse: () => [{ type: 'result', subtype: 'success', result: '', permission_denials: [{ tool_name: 'Bash' }] }],
  },
  codex: {
    settings: { adapter: 'codex' },
    begin: (thread_id) => [{ type: 'thread.started', thread_id }, { type: 'turn.started' }],
    work: () => [{ type: 'item.started', item: { type: 'command_execution', command: 'ls' } }],
    answer: (text) => [
      { type: 'item.completed', item: { type: 'agent_message', text } },
      { type: 'turn.completed', usage: {} },
    ],
    fail: (message) => [
      { type: 'error', message },
      { type: 'turn.failed', error: { message } },
    ],
    refuse: () => [
      { type: 'item.completed', item: { type: 'command_execution', command: 'ls', status: 'declined', exit_code: -1 } },
    ],
  },
  gemini: {
    settings: { adapter: 'gemini' },
    begin: (session_id) => [{ type: 'init', session_id }],
    work: () => [{ type: 'tool_use', tool_name: 'shell' }],
    answer: (content) => [
      { type: 'message', role: 'assistant', content },
      { type: 'result', status: 'success' },
    ],
    fail: (message) => [{ type: 'result', status: 'error', error: { message } }],
    refuse: () => [{ type: 'error', severity: 'warning', message: 'Agent execution blocked: by a hook' }],
  },
  opencode: {
    settings: { adapter: 'opencode' },
    begin: (sessionID) => [{ type: 'step_start', sessionID }],
    work: () => [{ type: 'tool_use', part: { tool: 'bash' } }],
    answer: (text) => [
      { type: 'text', part: { text } },
      { type: 'step_finish', part: { reason: 'stop' } },
    ],
    fail: (message) => [{ type: 'error', error: { data: { message } } }],
    refuse: () => [{ type: 'done', rejected: [{ permission: 'bash' }] }],
  },
  json: {
    settings: { events: 'json' },
    begin: (id) => [{ type: 'session', id }],
    work: () => [{ type: 'tool', name: 'ls' }],
    answer: (text) => [{ type: 'result', text }],
    fail: (message) => [{ type: 'error', message }],
    refuse: () => [],
  },
  plain: {
    settings: {},
    begin: () => [],
    work: () => [],
    answer: (text) => text.split('\n'),
    fail: () => [],
    refuse: () => [],
  },
};
const AGENTS = Object.keys(TONGUES);

/** What an agent prints, and how its process ends. */
interface End {
  prints: (tongue: Tongue) => (object | string)[];
  end?: Partial<TurnEnd>;
  said?: Partial<TurnCircumstances>;
}

function outcomeOf(agent: string, { prints, end = {}, said = {} }: End): string {
  const tongue = TONGUES[agent]!;
  const adapter = adapterOf(tongue.settings);
  const progress = noProgress();
  for (const line of prints(tongue)) adapter.read(typeof line === 'string' ? line : JSON.stringify(line), progress);
  const { verdict, failure } = concludeTurn(
    progress,
    { exitCode: 0, stderrTail: '', ...end },
    {
      evidence: false,
      now: Date.parse('2026-03-10T12:00:00Z'),
      wantsJson: false,
      wantsVerdict: true,
      readOnly: false,
      adapter,
      ...said,
    },
  );
  return verdict ?? failure!.kind;
}

const whole =
  (text: string) =>
  ({ begin, work, answer }: Tongue) => [...begin('s'), ...work(), ...answer(text)];
const failing =
  (text: string) =>
  ({ begin, fail }: Tongue) => [...begin('s'), ...fail(text)];
const escaped = (text: string) => (tongue: Tongue) =>
  whole(text)(tongue).map(
    (line) =>
      `\u001B]0;agent: ready\u0007\u001B[?2004h${typeof line === 'string' ? line : JSON.stringify(line)}\u001B[0m`,
  );

/** Kinds of end, and what each is: of all agents, or of those that are named. */
const ENDS: readonly [string, End, string, Readonly<Record<string, string>>?][] = [
  ['a pass', { prints: whole('VERDICT: PASS') }, 'pass'],
  ['a warning', { prints: whole('VERDICT: WARN look') }, 'warn'],
  ['a failure', { prints: whole('VERDICT: FAIL no') }, 'fail'],
  ['a question', { prints: whole('VERDICT: QUESTION why?') }, 'question'],
  ['an answer without the verdict that was asked for', { prints: whole('I am done.') }, 'warn'],
  ['an answer, and nobody asked for a verdict', { prints: whole('I am done.'), said: { wantsVerdict: false } }, 'pass'],
  ['nothing', { prints: () => [] }, 'empty'],
  [
    'nothing in a session that was to go on',
    { prints: ({ begin }) => begin('s'), said: { asked: 's' } },
    'session',
    {
      opencode: 'empty',
      json: 'empty',
      plain: 'empty',
    },
  ],
  [
    'another session',
    { prints: ({ begin, answer }) => [...begin('s'), ...answer('VERDICT: PASS')], said: { asked: 'r' } },
    'session',
    {
      plain: 'pass',
    },
  ],
  [
    'no such session',
    {
      prints: () => [],
      end: { exitCode: 1, stderrTail: 'No conversation found with session ID: r' },
      said: { asked: 'r' },
    },
    'session',
  ],
  [
    'a context that is full',
    { prints: failing('Prompt is too long'), end: { exitCode: 1 } },
    'session',
    { plain: 'crash' },
  ],
  ['an error of its own, exit 1', { prints: failing('the model is gone'), end: { exitCode: 1 } }, 'crash'],
  ['an error of its own, exit 0', { prints: failing('the model is gone') }, 'crash', { plain: 'empty' }],
  [
    'a limit of use, as its own error',
    { prints: failing("You've hit your usage limit. Try again in 2 hours."), end: { exitCode: 1 } },
    'quota',
    {
      plain: 'crash',
    },
  ],
  [
    'a limit of use, on stderr',
    { prints: () => [], end: { exitCode: 1, stderrTail: 'x\n429 Too Many Requests' } },
    'quota',
  ],
  ['a limit of use, on stderr, exit 0', { prints: () => [], end: { stderrTail: '429 Too Many Requests' } }, 'quota'],
  [
    'an answer that tells of limits, exit 1',
    { prints: whole('The rate limit exceeded error is handled.'), end: { exitCode: 1 } },
    'warn',
    {
      // Without events nobody knows what is an answer.
      plain: 'quota',
    },
  ],
  [
    'a verdict that tells of limits, exit 1',
    { prints: whole('VERDICT: FAIL rate limit exceeded'), end: { exitCode: 1 } },
    'fail',
    { plain: 'crash' },
  ],
  ['an answer, and then exit 1', { prints: whole('I am done.'), end: { exitCode: 1 } }, 'warn', { plain: 'crash' }],
  ['an answer, and then exit 143', { prints: whole('I am done.'), end: { exitCode: 143 } }, 'warn', { plain: 'crash' }],
  ['a pass, and then exit 143', { prints: whole('VERDICT: PASS'), end: { exitCode: 143 } }, 'pass', { plain: 'crash' }],
  [
    'a pass, and then it lingered',
    { prints: whole('VERDICT: PASS'), end: { exitCode: 143, stopped: 'lingered' } },
    'pass',
  ],
  ['exit 1 in the middle', { prints: ({ begin, work }) => [...begin('s'), ...work()], end: { exitCode: 1 } }, 'crash'],
  ['exit 0 in the middle', { prints: ({ begin, work }) => [...begin('s'), ...work()] }, 'empty'],
  [
    'killed in the middle',
    { prints: ({ begin, work }) => [...begin('s'), ...work()], end: { signal: 'SIGKILL', exitCode: 137 } },
    'crash',
  ],
  [
    'out of time in the middle',
    { prints: ({ begin, work }) => [...begin('s'), ...work()], end: { stopped: 'timeout', exitCode: 143 } },
    'stopped',
  ],
  [
    'an interim answer, and the failure after it',
    { prints: (tongue) => [...whole('I wait.')(tongue), ...whole('VERDICT: FAIL a hole')(tongue)] },
    'fail',
  ],
  [
    'an interim pass, and the failure after it',
    { prints: (tongue) => [...whole('VERDICT: PASS')(tongue), ...whole('VERDICT: FAIL a hole')(tongue)] },
    'fail',
  ],
  [
    'an interim answer, and then it is cut off',
    {
      prints: (tongue) => [...whole('I wait.')(tongue), ...tongue.begin('s'), ...tongue.work()],
      end: { exitCode: 143 },
    },
    'crash',
  ],
  ['a failure between control sequences of a terminal', { prints: escaped('VERDICT: FAIL no') }, 'fail'],
  [
    'an error between control sequences of a terminal',
    { prints: (tongue) => failing('it broke')(tongue).map((line) => `\u001B[?2004h${JSON.stringify(line)}`) },
    'crash',
    { plain: 'empty' },
  ],
  [
    'an event that is cut, among others',
    { prints: (tongue) => ['{"type":"err', ...whole('VERDICT: PASS')(tongue)] },
    'warn',
    { plain: 'pass' },
  ],
  [
    'words among the events',
    { prints: (tongue) => ['(node:1) Warning: old', ...whole('VERDICT: PASS')(tongue)] },
    'pass',
  ],
  [
    'a pass, and something was refused',
    { prints: (tongue) => [...tongue.begin('s'), ...tongue.refuse(), ...tongue.answer('VERDICT: PASS')] },
    'warn',
    { json: 'pass', plain: 'pass' },
  ],
  ['lost', { prints: whole('VERDICT: PASS'), end: { lost: true } }, 'stopped'],
];

describe.each(ENDS)('%s', (_, end, expected, others = {}) => {
  test.each(AGENTS)(`%s`, (agent) => {
    expect(outcomeOf(agent, end)).toBe(others[agent] ?? expected);
  });
});
