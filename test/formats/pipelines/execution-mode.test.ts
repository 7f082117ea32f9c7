import { expect, test } from 'vitest';
import { isMode, resolveExecutionMode, type ModeQuestion } from '../../../src/formats/pipelines/execution-mode.js';
import { command, one, plansOf } from './support.js';

const VARIABLE = 'ORCH_EXECUTION_MODE';
const OLD = 'CODEX_ORCHESTRATOR_EXECUTION_MODE';

test.each<[string, ModeQuestion, string]>([
  ['nobody', {}, 'mcp default'],
  ['the file', { file: { executionMode: 'cloud' } }, 'cloud file'],
  ['the stage over the file', { file: { executionMode: 'cloud' }, stage: { mode: 'mcp' } }, 'mcp stage'],
  ['executionMode over mode', { stage: { mode: 'mcp', executionMode: 'cloud' } }, 'cloud stage'],
  [
    'plan.executionMode over both',
    { stage: { executionMode: 'mcp', plan: { executionMode: 'cloud' } } },
    'cloud stage',
  ],
  ['requiresCloud over every text', { stage: { plan: { requiresCloud: false, executionMode: 'cloud' } } }, 'mcp stage'],
  [
    'the environment over the stage',
    { env: { [VARIABLE]: 'mcp' }, stage: { plan: { requiresCloud: true } } },
    'mcp env',
  ],
  ['the older variable', { env: { [OLD]: 'cloud' } }, 'cloud env'],
  ['our variable over the older one', { env: { [OLD]: 'cloud', [VARIABLE]: 'mcp' } }, 'mcp env'],
  ['the flag over the environment', { flags: { executionMode: 'cloud' }, env: { [VARIABLE]: 'mcp' } }, 'cloud flag'],
  ['--cloud over --execution-mode', { flags: { cloud: true, executionMode: 'mcp' } }, 'cloud flag'],
  [
    '--no-cloud over all',
    { flags: { cloud: false, executionMode: 'cloud' }, file: { executionMode: true } },
    'mcp flag',
  ],
  ['a boolean of the file', { file: { executionMode: true } }, 'cloud file'],
  [
    'what is empty or null says nothing',
    { flags: { executionMode: ' ' }, env: { [VARIABLE]: '' }, stage: { mode: null, plan: null } },
    'mcp default',
  ],
  ['what means nothing says nothing', { stage: { mode: 'moon' }, file: { executionMode: 'cloud' } }, 'cloud file'],
])('%s decides on the mode', (_who, question, expected) => {
  const { mode, source } = resolveExecutionMode(question);
  expect(`${mode} ${source}`).toBe(expected);
});

test.each([
  ['cloud', 'cloud'],
  [' Cloud\n', 'cloud'],
  ['true', 'cloud'],
  ['1', 'cloud'],
  ['YES', 'cloud'],
  ['mcp', 'mcp'],
  ['MCP ', 'mcp'],
  ['false', 'mcp'],
  ['0', 'mcp'],
  ['no', 'mcp'],
])('%j means %s, wherever it is said', (text, mode) => {
  expect(isMode(text)).toBe(true);
  expect(resolveExecutionMode({ flags: { executionMode: text } }).mode).toBe(mode);
  expect(resolveExecutionMode({ env: { [VARIABLE]: text } }).mode).toBe(mode);
  expect(resolveExecutionMode({ stage: { mode: text } }).mode).toBe(mode);
  expect(resolveExecutionMode({ file: { executionMode: text } }).mode).toBe(mode);
});

test.each(['clou', 'local', 'constructor', '__proto__', '2'])('%j means nothing', (text) => {
  expect(isMode(text)).toBe(false);
});

test('each stage hears its own mode, and the environment that decides is not changed', async () => {
  const env = Object.freeze({ [VARIABLE]: '' });
  const source = { ...one(command('a'), command('b', { plan: { requiresCloud: true } })), executionMode: 'mcp' };
  const { globals, steps, metadata } = (await plansOf(source, { env })).plan;
  expect([globals.env[VARIABLE], globals.env[OLD]]).toEqual(['mcp', 'mcp']);
  expect(steps).toMatchObject([{ env: {} }, { env: { [VARIABLE]: 'cloud', [OLD]: 'cloud' }, tags: ['cloud'] }]);
  expect(metadata).toMatchObject({
    pipeline: {
      stages: {
        a: { execution_mode: 'mcp', execution_mode_from: 'file' },
        b: { execution_mode: 'cloud', execution_mode_from: 'stage' },
      },
    },
  });
});
