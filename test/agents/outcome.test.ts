import { describe, expect, test } from 'vitest';
import { concludeTurn, type TurnEnd } from '../../src/agents/outcome.js';
import { noProgress, type TurnProgress } from '../../src/agents/types.js';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const conclude = (
  progress: Partial<TurnProgress>,
  end: Partial<TurnEnd> = {},
  said: Partial<Parameters<typeof concludeTurn>[2]> = {},
) =>
  concludeTurn(
    { ...noProgress(), message: 'done', final: true, ...progress },
    { exitCode: 0, stderrTail: '', ...end },
    { evidence: false, now: NOW, wantsJson: false, adapter: { tellsEnd: true, exits: { 41: 'auth' } }, ...said },
  );
const kind = (outcome: ReturnType<typeof concludeTurn>) => outcome.verdict ?? outcome.failure?.kind;

describe('what a turn came to', () => {
  test.each<[string, Parameters<typeof conclude>, string]>([
    ['an answer without a verdict', [{}], 'pass'],
    ['its verdict', [{ message: 'VERDICT: WARN x' }], 'warn'],
    [
      'a structured answer counts before its text',
      [{ message: 'VERDICT: PASS', structured: { verdict: 'fail' } }],
      'fail',
    ],
    ['a file counts before all else', [{ structured: { verdict: 'fail' } }, {}, { file: { verdict: 'pass' } }], 'pass'],
    [
      'a file counts although it timed out',
      [{}, { stopped: 'timeout', exitCode: 137 }, { file: { verdict: 'pass' } }],
      'pass',
    ],
    ['a file counts although it crashed', [{}, { exitCode: 1 }, { file: { verdict: 'warn' } }], 'warn'],
    ['nothing said, exit 0', [{ message: ' \n' }], 'empty'],
    ['nothing said, but an answer in JSON', [{ message: '', structured: { a: 1 } }], 'pass'],
    ['exit 1', [{}, { exitCode: 1, stderrTail: 'boom' }], 'crash'],
    ['exit 2 is a wrong call', [{}, { exitCode: 2, stderrTail: 'unknown flag' }], 'usage'],
    ['exit 1 after its final answer with a verdict', [{ message: 'VERDICT: PASS' }, { exitCode: 1 }], 'pass'],
    ['lingered after its answer', [{}, { stopped: 'lingered', exitCode: 143 }], 'pass'],
    [
      'out of time, with the files made',
      [{ final: false }, { stopped: 'timeout', exitCode: 143 }, { evidence: true }],
      'warn',
    ],
    ['out of time, with nothing made', [{ final: false }, { stopped: 'timeout', exitCode: 143 }], 'stopped'],
    [
      'silent after a limit of use',
      [{ final: false }, { stopped: 'stalled', stderrTail: 'x\nAttempt 3 failed: 429 Too Many Requests' }],
      'quota',
    ],
    [
      'silent long after a limit of use',
      [{ final: false }, { stopped: 'stalled', stderrTail: 'Attempt 3 failed: 429 Too Many Requests\nwell again' }],
      'stopped',
    ],
    ['lingered after a limit of use', [{ error: 'usage limit reached' }, { stopped: 'lingered' }], 'quota'],
    ['exit 0 in the middle of its turn', [{ final: false, message: 'I will now' }], 'crash'],
    ['exit 0 in the middle of its turn, with a verdict', [{ final: false, message: 'VERDICT: WARN' }], 'warn'],
    ['exit 0 of one that tells no end', [{ final: false }, {}, { adapter: {} }], 'pass'],
    ['an exit code that means a missing login', [{ final: false }, { exitCode: 41 }], 'auth'],
    ['silent', [{ final: false }, { stopped: 'stalled', exitCode: 143 }], 'stopped'],
    ['killed', [{ final: false }, { signal: 'SIGKILL', exitCode: 137 }], 'crash'],
    ['an error of its own, exit 0', [{ error: 'the model is gone' }], 'crash'],
    ['a limit of use, by its own event', [{ quota: {}, error: 'no' }, { exitCode: 1 }], 'quota'],
    ['a limit of use, on stderr', [{ message: '' }, { exitCode: 1, stderrTail: 'rate limit exceeded' }], 'quota'],
    ['a limit of use beats a verdict', [{ message: 'VERDICT: PASS', quota: {} }, { exitCode: 1 }], 'quota'],
    ['words about limits in a good answer are only words', [{ message: 'I handle the rate limit now.' }], 'pass'],
    ['no login', [{ message: '' }, { exitCode: 1, stderrTail: 'Not logged in' }], 'auth'],
    ['another session than asked for', [{ sessionId: 'b' }, {}, { asked: 'a' }], 'session'],
    ['the session asked for', [{ sessionId: 'a' }, {}, { asked: 'a' }], 'pass'],
    [
      'no such session',
      [{}, { exitCode: 1, stderrTail: 'No conversation found with session ID: a' }, { asked: 'a' }],
      'session',
    ],
    [
      'no such thread of codex',
      [
        {},
        { exitCode: 1, stderrTail: 'Error: thread/resume: no rollout found for thread id a (code -32600)' },
        { asked: 'a' },
      ],
      'session',
    ],
    [
      'no such session of gemini',
      [
        {},
        { exitCode: 42, stderrTail: 'Error resuming session: Invalid session identifier "a".\n  Searched' },
        { asked: 'a' },
      ],
      'session',
    ],
    [
      'no such session of claude',
      [{ error: 'No conversation found with session ID: a' }, {}, { asked: 'a' }],
      'session',
    ],
    ['lost', [{}, { lost: true }], 'stopped'],
    ['JSON wanted, prose given', [{}, {}, { wantsJson: true }], 'empty'],
    [
      'JSON wanted, and given in a fence',
      [{ message: 'Here:\n```json\n{"a": 1}\n```' }, {}, { wantsJson: true }],
      'pass',
    ],
  ])('%s', (_, args, expected) => {
    expect(kind(conclude(...args))).toBe(expected);
  });

  test('says when a quota is there again', () => {
    const { failure } = conclude({ error: 'usage limit reached, try again in 10 minutes' }, { exitCode: 1 });
    expect(failure).toMatchObject({ kind: 'quota', resetAt: NOW + 600_000 });
  });

  test('hands on the structured answer, also of a failure', () => {
    expect(conclude({ message: '{"a": 1}' }, { exitCode: 3 }, { wantsJson: true }).structured).toEqual({ a: 1 });
  });
});
