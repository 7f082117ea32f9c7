import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adapterOf } from '../../src/agents/adapters/index.js';
import { noProgress, type TurnRequest } from '../../src/agents/types.js';
import type { AgentSettings } from '../../src/plan/model/agent.js';

const request = (settings: AgentSettings, more: Partial<TurnRequest> = {}): TurnRequest => ({
  settings,
  prompt: 'do it',
  promptFile: '/run/prompt.md',
  dir: '/run',
  cwd: '/work',
  permissions: 'edit',
  newSession: 'new-id',
  ...more,
});
const commandOf = (settings: AgentSettings, more: Partial<TurnRequest> = {}) =>
  adapterOf(settings).command(request(settings, more));

describe('how agents are called', () => {
  test('codex: options before resume, the prompt on stdin', () => {
    const { file, args, stdin } = commandOf({ adapter: 'codex', args: ['-c', 'x=1'] }, { session: 'th_1', model: 'm' });
    expect([file, stdin]).toEqual(['codex', 'do it']);
    expect(args.slice(-5)).toEqual(['-c', 'x=1', 'resume', 'th_1', '-']);
    expect(args).toContain('--json');
    expect(args.slice(args.indexOf('--sandbox'), args.indexOf('--sandbox') + 2)).toEqual([
      '--sandbox',
      'workspace-write',
    ]);
    expect(args.slice(args.indexOf('--model'), args.indexOf('--model') + 2)).toEqual(['--model', 'm']);
  });

  test('codex: the schema of the answer is a file', () => {
    const { args, files } = commandOf({ adapter: 'codex' }, { outputSchema: { type: 'object' } });
    expect(files).toEqual([{ path: '/run/output-schema.json', content: '{"type":"object"}' }]);
    expect(args).toContain('/run/output-schema.json');
  });

  test('claude: a new session has our id, a resumed one its own', () => {
    expect(commandOf({ adapter: 'claude' }).args).toContain('new-id');
    const { args } = commandOf({ adapter: 'claude' }, { session: 's' });
    expect(args).toContain('--resume');
    expect(args).not.toContain('new-id');
  });

  test.each<[NonNullable<AgentSettings['adapter']>, string, string, string]>([
    ['codex', '--sandbox read-only', '--sandbox workspace-write', '--sandbox danger-full-access'],
    ['claude', '--permission-mode plan', '--permission-mode acceptEdits', '--permission-mode bypassPermissions'],
    ['gemini', '--approval-mode plan', '--approval-mode auto_edit', '--approval-mode yolo'],
    ['opencode', '--format json --agent plan', '--format json', '--format json --auto'],
    ['dispatch', '-s read-only', '-s workspace-write', '-s danger-full-access'],
    ['generic', 'read read-only', 'edit workspace-write', 'full danger-full-access'],
  ])('%s: what it may do, by its own flags', (adapter, ...flags) => {
    const said = (['read', 'edit', 'full'] as const).map((permissions) => {
      const { args, env } = commandOf({ adapter }, { permissions });
      const own = [env?.['ORCH_AGENT_PERMISSIONS'], env?.['ORCH_AGENT_SANDBOX']];
      return [...args, ...own].join(' ').trim();
    });
    expect(said.map((words, index) => words.includes(flags[index]!))).toEqual([true, true, true]);
    expect(new Set(said).size).toBe(3);
  });

  test('no flag that switches a sandbox or approvals off is given unless it is asked for', () => {
    for (const adapter of ['codex', 'claude', 'gemini', 'opencode'] as const) {
      for (const permissions of ['read', 'edit'] as const) {
        const words = commandOf({ adapter }, { permissions }).args.join(' ');
        expect(words).not.toMatch(/bypass|yolo|dangerous|full-auto|skip-permissions|danger-full-access|--auto\b/);
      }
    }
  });

  test('dispatch: the flags of such scripts', () => {
    const { file, args } = commandOf({ adapter: 'dispatch', command: 'bin/dispatch.sh' }, { tier: 'fast' });
    expect([file, ...args]).toEqual(
      'bash bin/dispatch.sh --prompt-file /run/prompt.md -C /work -o /run/output.md --tier fast -s workspace-write'.split(
        ' ',
      ),
    );
  });

  test('generic: the prompt where it is wanted, and the session in its arguments', () => {
    const settings = { command: 'my-agent', args: ['-q'], resume_args: ['--go-on', '{session}'] };
    expect(commandOf(settings, { session: 's' })).toMatchObject({ args: ['-q', '--go-on', 's'], stdin: 'do it' });
    expect(commandOf({ ...settings, prompt_via: 'file' }).args.at(-1)).toBe('/run/prompt.md');
    expect(commandOf({ ...settings, prompt_via: 'arg' }).args.at(-1)).toBe('do it');
  });
});

const readAll = (settings: AgentSettings, lines: readonly (object | string)[]) => {
  const progress = noProgress();
  const adapter = adapterOf(settings);
  for (const line of lines) adapter.read(typeof line === 'string' ? line : JSON.stringify(line), progress);
  return progress;
};

const finish = (reason: string) => ({
  type: 'step_finish',
  sessionID: 's',
  part: { reason, cost: 0.1, tokens: { input: 1, output: 2, reasoning: 3, cache: { read: 4, write: 5 } } },
});

const completed = (input: number) => ({ type: 'turn.completed', usage: { input_tokens: input, output_tokens: 1 } });
const saying = (text: string, parent: string | null) => ({
  type: 'assistant',
  parent_tool_use_id: parent,
  message: { content: [{ type: 'text', text }] },
});
const failing = (severity: string, message: string) => ({ type: 'error', severity, message });
const geminiError = (...lines: object[]) => readAll({ adapter: 'gemini' }, lines).error;

const task = (subtype: string, id?: string) => ({ type: 'system', subtype, ...(id && { task_id: id }) });

const ended = (result: string, more: object = {}) => ({
  type: 'result',
  subtype: 'success',
  is_error: false,
  result,
  ...more,
});

const failed = (result: string) => ({ type: 'result', subtype: 'success', is_error: true, result });

describe('what agents print', () => {
  test('codex: a reconnection is no error, and a later turn mends an earlier one', () => {
    const progress = readAll({ adapter: 'codex' }, [
      { type: 'thread.started', thread_id: 'th_1' },
      { type: 'error', message: 'Reconnecting... 1/5' },
      { type: 'item.completed', item: { type: 'command_execution', command: 'ls', exit_code: 0 } },
      '{"type": "item.comp',
      { type: 'item.completed', item: { type: 'agent_message', text: 'first' } },
      { type: 'item.completed', item: { type: 'agent_message', text: 'last' } },
      { type: 'turn.completed', usage: { input_tokens: 10, cached_input_tokens: 4, output_tokens: 5 } },
    ]);
    expect(progress).toMatchObject({
      sessionId: 'th_1',
      message: 'last',
      toolCalls: 1,
      inputTokens: 10,
      outputTokens: 5,
      final: true,
      badLines: 1,
    });
    expect(progress.error).toBeUndefined();
  });

  test('codex: the tokens are those of the thread; a limit of use is an error on stdout', () => {
    expect(readAll({ adapter: 'codex' }, [completed(100), completed(250)])).toMatchObject({
      inputTokens: 250,
      outputTokens: 1,
      ofSession: true,
    });
    const message = "You've hit your usage limit. Visit https://x to purchase more credits or try again at 3:28 PM.";
    const lines = [
      { type: 'error', message },
      { type: 'turn.failed', error: { message } },
    ];
    expect(readAll({ adapter: 'codex' }, lines)).toMatchObject({ error: message, final: true });
  });

  test('claude: a retry that worked in the end is no quota', () => {
    const retry = { type: 'system', subtype: 'api_retry', error: 'rate_limit', session_id: 's' };
    const lines = [
      { type: 'system', subtype: 'init', session_id: 's', claude_code_version: '2.1.291' },
      retry,
      {
        type: 'assistant',
        message: {
          content: [
            { type: 'text', text: 'hi' },
            { type: 'tool_use', name: 'Bash' },
          ],
        },
      },
    ];
    expect(readAll({ adapter: 'claude' }, lines).quota).toBeUndefined();
    expect(readAll({ adapter: 'claude' }, [...lines, retry]).quota).toEqual({});
    const result = {
      type: 'result',
      subtype: 'success',
      is_error: false,
      result: 'done',
      total_cost_usd: 0.5,
      usage: { input_tokens: 1, cache_read_input_tokens: 2, output_tokens: 3 },
    };
    const progress = readAll({ adapter: 'claude' }, [...lines, result]);
    expect(progress).toMatchObject({
      message: 'done',
      costUsd: 0.5,
      ofSession: true,
      inputTokens: 3,
      outputTokens: 3,
    });
    expect(progress.quota).toBeUndefined();
  });

  test('claude: a limit that was met says when it ends', () => {
    const info = { status: 'rejected', resetsAt: 1_773_150_000 };
    expect(readAll({ adapter: 'claude' }, [{ type: 'rate_limit_event', rate_limit_info: info }]).quota).toEqual({
      resetAt: 1_773_150_000_000,
    });
  });

  test('claude: a limit that is met, as the tool tells it', () => {
    const text = "You've hit your limit · resets 3pm (Europe/Lisbon)";
    const progress = readAll({ adapter: 'claude' }, [
      { type: 'rate_limit_event', rate_limit_info: { status: 'rejected', resetsAt: 1_773_154_800 } },
      { type: 'assistant', error: 'rate_limit', message: { model: '<synthetic>', content: [{ type: 'text', text }] } },
      { type: 'result', subtype: 'success', is_error: true, result: text, api_error_status: 429 },
    ]);
    expect(progress).toMatchObject({ error: text, quota: { resetAt: 1_773_154_800_000 }, final: true });
  });

  test('claude: tokens of subagents count, and what they say is not what the agent says', () => {
    const model = { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 3, cacheCreationInputTokens: 4, costUSD: 1 };
    const lines = [saying('mine', null), saying('not mine', 'toolu_1')];
    expect(readAll({ adapter: 'claude' }, lines).message).toBe('mine');
    const result = {
      type: 'result',
      subtype: 'success',
      usage: { input_tokens: 9 },
      modelUsage: { a: model, b: model },
    };
    expect(readAll({ adapter: 'claude' }, [result])).toMatchObject({ inputTokens: 16, outputTokens: 4 });
  });

  test.each([
    ['2.1.276', undefined],
    ['2.1.277', true],
    ['2.1.291 (beta)', true],
    ['3.0.0', true],
    ['2.0.999', undefined],
    ['unknown', true],
    [undefined, true],
  ])('claude %s: whether it counts for the whole session is %s', (version, expected) => {
    const init = { type: 'system', subtype: 'init', session_id: 's', claude_code_version: version };
    expect(readAll({ adapter: 'claude' }, [init]).ofSession).toBe(expected);
  });

  test('claude: a session that is not there is told as an error of the turn', () => {
    const errors = ['No conversation found with session ID: s'];
    const result = { type: 'result', subtype: 'error_during_execution', is_error: true, errors };
    expect(readAll({ adapter: 'claude' }, [result]).error).toBe(errors[0]);
  });

  test('claude: the limit of turns is an error', () => {
    expect(
      readAll({ adapter: 'claude' }, [{ type: 'result', subtype: 'error_max_turns', is_error: false }]).error,
    ).toContain('error_max_turns');
  });

  test('gemini: pieces of a message make one; what follows a tool is another', () => {
    const lines = [
      { type: 'init', session_id: 's' },
      { type: 'message', role: 'user', content: 'do it' },
      { type: 'message', role: 'assistant', content: 'let me ', delta: true },
      { type: 'message', role: 'assistant', content: 'look', delta: true },
      { type: 'tool_use', tool_name: 'read_file' },
      { type: 'message', role: 'assistant', content: 'done', delta: true },
      { type: 'result', status: 'success', stats: { input_tokens: 7, output_tokens: 2 } },
    ];
    expect(readAll({ adapter: 'gemini' }, lines)).toMatchObject({
      message: 'done',
      inputTokens: 7,
      outputTokens: 2,
      final: true,
    });
  });

  test('gemini: a turn without a last word keeps the one before', () => {
    const lines = [
      { type: 'message', role: 'assistant', content: 'I look', delta: true },
      { type: 'tool_use', tool_name: 'read_file' },
      { type: 'tool_use', tool_name: 'read_file' },
      { type: 'result', status: 'success' },
    ];
    expect(readAll({ adapter: 'gemini' }, lines).message).toBe('I look');
  });

  const begun = { type: 'system', subtype: 'init', session_id: 's' };
  test.each<[string, object[], { final: boolean; message: string; pending: number }]>([
    ['its end', [begun, ended('one')], { final: true, message: 'one', pending: 0 }],
    ['the last end counts', [begun, ended('one'), ended('two')], { final: true, message: 'two', pending: 0 }],
    ['it says more', [begun, ended('one'), saying('and', null)], { final: false, message: 'and', pending: 0 }],
    ['another turn begins', [begun, ended('one'), begun], { final: false, message: 'one', pending: 0 }],
    [
      'a subagent says more',
      [begun, ended('one'), saying('x', 'toolu_1')],
      { final: true, message: 'one', pending: 0 },
    ],
    ['progress of nothing', [begun, ended('one'), task('task_progress')], { final: true, message: 'one', pending: 0 }],
    [
      'a task that was announced',
      [begun, task('task_started', 't'), task('task_started', 'u'), task('task_notification', 'u'), ended('one')],
      { final: true, message: 'one', pending: 1 },
    ],
    [
      'a task that has ended',
      [begun, task('task_started', 't'), ended('one'), task('task_notification', 't')],
      { final: true, message: 'one', pending: 0 },
    ],
    [
      'a notice of a session that is gone on with',
      [begun, ended('', { num_turns: 0, origin: { kind: 'task-notification' } })],
      { final: false, message: '', pending: 0 },
    ],
  ])('claude: %s', (_, lines, { pending, ...expected }) => {
    const progress = readAll({ adapter: 'claude' }, lines);
    expect(progress).toMatchObject(expected);
    expect(progress.pending?.size ?? 0).toBe(pending);
  });

  test('claude: a limit that was met on the way is not why it fails in the end', () => {
    const retry = { type: 'system', subtype: 'api_retry', error: 'rate_limit' };
    expect(readAll({ adapter: 'claude' }, [retry, failed('Prompt is too long')]).quota).toBeUndefined();
    expect(readAll({ adapter: 'claude' }, [retry, failed('API Error: 529')]).quota).toEqual({});
  });

  const event = { type: 'result', text: 'done' };
  test.each([
    ['a title of the terminal', `\u001B]0;claude: ready\u0007${JSON.stringify(event)}`, 0, 0],
    ['a mode of the terminal', `\u001B[?2004h${JSON.stringify(event)}\u001B[0m`, 0, 0],
    ['other words', `Loading… {3} ${JSON.stringify(event)} done`, 0, 0],
    ['two events in a line', `{"type":"tool","name":"x"}${JSON.stringify(event)}`, 0, 0],
    ['no event at all', 'some {words} of a tool', 1, 0],
    ['half of one', '{"type":"result","te', 1, 1],
    ['half of one, and a whole one', `{"type":"resu${JSON.stringify(event)}`, 1, 1],
  ])('a line with %s', (_, line, badLines, lostEvents) => {
    const progress = readAll({ events: 'json' }, [line]);
    expect([progress.badLines, progress.lostEvents ?? 0]).toEqual([badLines, lostEvents]);
    expect(progress.final).toBe(line.includes('"done"'));
  });

  test('gemini: a warning is none of its errors; what failed in between is mended, but not that it was cut short', () => {
    const success = { type: 'result', status: 'success' };
    const looping = [failing('warning', 'Loop detected, stopping execution'), success];
    expect(readAll({ adapter: 'gemini' }, looping).doubts).toEqual(['Loop detected, stopping execution']);
    expect(geminiError(...looping)).toBeUndefined();
    expect(geminiError(failing('error', 'quota'), success)).toBeUndefined();
    expect(geminiError(failing('error', 'Maximum session turns exceeded'), success)).toBe(
      'Maximum session turns exceeded',
    );
    expect(geminiError(failing('error', 'empty'), { type: 'result', status: 'error' })).toBe('empty');
  });

  test('opencode: it works in the folder that PWD names', () => {
    expect(commandOf({ adapter: 'opencode' }).env).toEqual({ PWD: '/work' });
  });

  test.each([
    [[finish('stop')], true],
    [[finish('length')], false],
    [[finish('stop'), { type: 'tool_use', part: { tool: 'edit' } }], false],
    [[finish('tool-calls')], false],
    [[finish('stop'), { type: 'step_start' }], false],
    [[finish('tool-calls'), { type: 'done', reason: 'idle', rejected: [] }], true],
  ])('opencode: %j: nothing else is expected: %s', (lines, expected) => {
    expect(readAll({ adapter: 'opencode' }, lines).final).toBe(expected);
  });

  test('opencode: steps add up', () => {
    const progress = readAll({ adapter: 'opencode' }, [
      finish('tool-calls'),
      { type: 'text', part: { text: 'ok' } },
      finish('stop'),
    ]);
    expect(progress).toMatchObject({
      sessionId: 's',
      message: 'ok',
      inputTokens: 20,
      outputTokens: 10,
      costUsd: 0.2,
      final: true,
    });
  });

  test('no line of any kind makes a reader throw', () => {
    const adapters: AgentSettings[] = [
      ...(['codex', 'claude', 'gemini', 'opencode', 'dispatch'] as const).map((adapter) => ({ adapter })),
      { events: 'json' },
      {},
    ];
    const types = [
      'result',
      'error',
      'item.completed',
      'turn.failed',
      'assistant',
      'message',
      'step_finish',
      'rate_limit_event',
      'quota',
      'system',
    ];
    const event = fc.record(
      {
        type: fc.constantFrom(...types),
        item: fc.jsonValue(),
        error: fc.jsonValue(),
        part: fc.jsonValue(),
        message: fc.jsonValue(),
        usage: fc.jsonValue(),
        stats: fc.jsonValue(),
        subtype: fc.jsonValue(),
        rate_limit_info: fc.jsonValue(),
        reset_at: fc.jsonValue(),
      },
      { requiredKeys: ['type'] },
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            event.map((value) => JSON.stringify(value)),
            fc.string(),
            fc.jsonValue().map((value) => JSON.stringify(value)),
          ),
        ),
        (lines) => {
          for (const settings of adapters) {
            const progress = readAll(settings, lines);
            expect(typeof progress.message).toBe('string');
            expect(Number.isFinite(progress.inputTokens + progress.outputTokens + (progress.costUsd ?? 0))).toBe(true);
          }
        },
      ),
    );
  });
});
