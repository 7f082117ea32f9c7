import { describe, expect, test } from 'vitest';
import type { TurnEnd } from '../../src/agents/failure.js';
import { concludeTurn } from '../../src/agents/outcome.js';
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
    {
      evidence: false,
      now: NOW,
      wantsJson: false,
      wantsVerdict: false,
      readOnly: false,
      adapter: { tellsEnd: true, exits: { 41: 'auth' } },
      ...said,
    },
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
    ['exit 1', [{ final: false }, { exitCode: 1, stderrTail: 'boom' }], 'crash'],
    ['exit 2 is a wrong call', [{ final: false }, { exitCode: 2, stderrTail: 'unknown flag' }], 'usage'],
    ['exit 1 after its final answer', [{}, { exitCode: 1, stderrTail: 'boom' }], 'warn'],
    ['exit 143 after its final answer', [{}, { exitCode: 143 }], 'warn'],
    ['out of time after its final answer', [{}, { stopped: 'timeout', exitCode: 143 }], 'warn'],
    ['out of time while its tasks go on', [{ pending: new Set(['t']) }, { stopped: 'timeout' }], 'stopped'],
    ['a pass while its tasks go on', [{ message: 'VERDICT: PASS', pending: new Set(['t']) }], 'warn'],
    ['a pass in the middle of its turn', [{ message: 'VERDICT: PASS', final: false }], 'warn'],
    ['no verdict where one was asked for', [{}, {}, { wantsVerdict: true }], 'warn'],
    [
      'a verdict as JSON, where one was asked for',
      [{ message: '{"verdict": "fail"}' }, {}, { wantsVerdict: true }],
      'fail',
    ],
    ['a tool that was refused', [{ message: 'VERDICT: PASS', refused: ['Bash'] }], 'warn'],
    [
      'a tool that was refused to one who may only read',
      [{ message: 'VERDICT: PASS', refused: ['Bash'] }, {}, { readOnly: true }],
      'pass',
    ],
    ['an error, and a pass in spite of it', [{ message: 'VERDICT: PASS', error: 'it broke' }], 'warn'],
    ['a doubt', [{ message: 'VERDICT: PASS', doubts: ['Loop detected'] }], 'warn'],
    ['a failure in spite of a doubt', [{ message: 'VERDICT: FAIL', doubts: ['Loop detected'] }], 'fail'],
    ['an event that was lost', [{ message: 'VERDICT: PASS', lostEvents: 1, badLines: 1, badLine: '{"' }], 'warn'],
    ['words among the events', [{ message: 'VERDICT: PASS', badLines: 1, badLine: 'hm' }], 'pass'],
    ['no task', [{ message: "I don't see a request in your message." }], 'warn'],
    [
      'no task, in other words',
      [{ message: 'It looks like your message is empty. What would you like me to do?' }],
      'warn',
    ],
    ['another question than that', [{ message: 'I see no problem. How it works is in the README.' }], 'pass'],
    ['a field of the user that is called status', [{ structured: { status: 'failed' } }], 'pass'],
    [
      'a script that takes a failure for a pass',
      [{ message: 'VERDICT: FAIL x' }, {}, { file: { verdict: 'pass' }, fileIsGuess: true }],
      'fail',
    ],
    [
      'a script that takes a question for a pass',
      [{ message: 'VERDICT: QUESTION x' }, {}, { file: { verdict: 'pass' }, fileIsGuess: true }],
      'question',
    ],
    [
      'a script that takes a question for a warning',
      [{ message: 'VERDICT: QUESTION x' }, {}, { file: { verdict: 'warn' }, fileIsGuess: true }],
      'question',
    ],
    [
      'a script that takes a warning for a pass',
      [{ message: 'VERDICT: WARN x' }, {}, { file: { verdict: 'pass' }, fileIsGuess: true }],
      'warn',
    ],
    [
      'a file that says pass, and a tool that was refused',
      [{ refused: ['Bash'] }, {}, { file: { verdict: 'pass' } }],
      'warn',
    ],
    [
      'a file that says pass, and an error of its own',
      [{ error: 'it broke' }, { exitCode: 1 }, { file: { verdict: 'pass' } }],
      'warn',
    ],
    [
      'a file that says pass, in the middle of its turn',
      [{ final: false }, { exitCode: 1 }, { file: { verdict: 'pass' } }],
      'warn',
    ],
    [
      'a file that says fail, in the middle of its turn',
      [{ final: false }, { exitCode: 1 }, { file: { verdict: 'fail' } }],
      'fail',
    ],
    [
      'a script that says fail',
      [{ message: 'VERDICT: PASS' }, {}, { file: { verdict: 'fail' }, fileIsGuess: true }],
      'fail',
    ],
    [
      'a script that was told to try later',
      [{ message: 'VERDICT: PASS' }, {}, { file: { verdict: 'retry' } }],
      'quota',
    ],
    [
      'a file that says nothing, and a crash',
      [{ final: false }, { exitCode: 1 }, { file: { verdict: 'warn', unsure: true } }],
      'crash',
    ],
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
    [
      'a limit of use, on stderr, exit 0 without an answer',
      [{ message: '', final: false }, { stderrTail: 'HTTP 429' }],
      'quota',
    ],
    [
      'a limit of use in a verdict',
      [{ final: false, message: 'VERDICT: FAIL rate limit exceeded' }, { exitCode: 1 }],
      'crash',
    ],
    [
      'a limit of use in a verdict, at the end',
      [{ message: 'VERDICT: FAIL test_rate_limit_resets does not pass' }, { exitCode: 1 }],
      'fail',
    ],
    [
      'a limit of use in an answer, exit 1',
      [{ message: 'Done: rate limit exceeded is handled.' }, { exitCode: 1 }],
      'warn',
    ],
    [
      'a limit of use in what it said on the way, exit 1',
      [{ final: false, message: 'rate limit exceeded' }, { exitCode: 1 }],
      'crash',
    ],
    [
      'a limit of use, printed by one without events',
      [{ final: false, message: 'x\nrate limit exceeded' }, { exitCode: 1 }, { adapter: { plainText: true } }],
      'quota',
    ],
    [
      'an error of its own, and a limit on stderr',
      [{ error: 'the tests fail' }, { exitCode: 1, stderrTail: 'rate limit exceeded' }],
      'crash',
    ],
    [
      'a limit on stderr that was not the last of it',
      [{ final: false }, { exitCode: 1, stderrTail: '429 Too Many Requests, retrying\nTypeError: x' }],
      'crash',
    ],
    [
      'no room in the context',
      [
        { error: 'Codex ran out of room in the context window.' },
        { exitCode: 1, stderrTail: 'INFO rate limit remaining 4998/5000' },
      ],
      'session',
    ],
    ['a prompt that is too long', [{ error: 'Prompt is too long' }, { exitCode: 1 }, { asked: 'a' }], 'session'],
    [
      'a session in which nothing happens',
      [{ message: '', final: false, sessionId: 'a' }, {}, { asked: 'a' }],
      'session',
    ],
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
    ['JSON wanted, and only a pass given', [{ message: 'VERDICT: PASS' }, {}, { wantsJson: true }], 'empty'],
    ['JSON wanted, and a failure given', [{ message: 'VERDICT: FAIL no' }, {}, { wantsJson: true }], 'fail'],
    [
      'JSON wanted, and given in a fence',
      [{ message: 'Here:\n```json\n{"a": 1}\n```' }, {}, { wantsJson: true }],
      'pass',
    ],
  ])('%s', (_, args, expected) => {
    expect(kind(conclude(...args))).toBe(expected);
  });

  test('says why a pass is a warning, and which lines a failure may be in', () => {
    const doubtful = { refused: ['Bash', 'Edit'], doubts: ['Loop detected'], message: 'VERDICT: PASS all green' };
    expect(conclude(doubtful, {}, { wantsVerdict: true }).note).toBe(
      'it was not allowed to use Bash, Edit; Loop detected (it says: all green)',
    );
    expect(conclude({}, {}, { wantsVerdict: true }).note).toBe('it was asked for a verdict but gave none');
    expect(conclude({}, { exitCode: 143 }).note).toBe('it answered, and then it exited with code 143');
    const lines = { badLines: 2, badLine: 'Segmentation fault' };
    expect(conclude({ final: false, ...lines }, { exitCode: 1 }).failure?.message).toBe(
      'it exited with code 1; 2 lines of its output could not be read as events, the last of them: Segmentation fault',
    );
    expect(conclude({ message: '', final: false, badLines: 1, badLine: 'hi' }).failure?.message).toBe(
      'it exited with code 0 without an answer; 1 line of its output could not be read as events: hi',
    );
  });

  test('says when a quota is there again', () => {
    const { failure } = conclude({ error: 'usage limit reached, try again in 10 minutes' }, { exitCode: 1 });
    expect(failure).toMatchObject({ kind: 'quota', resetAt: NOW + 600_000 });
  });

  test('hands on the structured answer, also of a failure', () => {
    expect(conclude({ message: '{"a": 1}' }, { exitCode: 3 }, { wantsJson: true }).structured).toEqual({ a: 1 });
  });
});
