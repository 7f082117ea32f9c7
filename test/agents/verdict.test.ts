import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verdictIn, verdictOfAnswer, verdictOfFile } from '../../src/agents/verdict.js';

describe('the verdict of an answer', () => {
  test.each([
    ['VERDICT: PASS', { verdict: 'pass' }],
    ['verdict: pass', { verdict: 'pass' }],
    ['  - **VERDICT:** `PASS`  ', { verdict: 'pass' }],
    ['> VERDICT: WARN two tests are slow', { verdict: 'warn', note: 'two tests are slow' }],
    ['VERDICT: CLEAN', { verdict: 'pass' }],
    ['VERDICT: NEEDS_ATTENTION [the lock file]', { verdict: 'warn', note: '[the lock file]' }],
    ['VERDICT: FAIL - it does not build', { verdict: 'fail', note: 'it does not build' }],
    ['VERDICT: QUESTION which port?', { verdict: 'question', note: 'which port?' }],
    ['VERDICT: escalated: nobody knows', { verdict: 'escalated', note: 'nobody knows' }],
    ['VERDICT: SPLENDID', { verdict: 'warn', note: 'unknown verdict: SPLENDID' }],
    ['VERDICT: PASS\r\n', { verdict: 'pass' }],
    ['one\r\nVERDICT: FAIL\r\ntwo', { verdict: 'fail' }],
    ['VERDICT: FAIL\nbut then I mended it\nVERDICT: PASS', { verdict: 'pass' }],
    // What only repeats the choices is none.
    ['VERDICT: CLEAN | NEEDS_ATTENTION [reason]', undefined],
    ['VERDICT: PASS | WARN | FAIL', undefined],
    ['VERDICT: WARN\nVERDICT: PASS | WARN | FAIL', { verdict: 'warn' }],
    ['VERDICT: <your verdict>', undefined],
    ['VERDICT:', undefined],
    ['the verdict is clear', undefined],
    ['', undefined],
    // A question may stand below its verdict, or above.
    ['VERDICT: QUESTION\nWhich port?\nOr none?', { verdict: 'question', note: 'Which port?\nOr none?' }],
    ['I looked.\n\nWhich port?\n\nVERDICT: QUESTION', { verdict: 'question', note: 'Which port?' }],
  ])('%j', (text, expected) => {
    expect(verdictIn(text)).toEqual(expected);
  });

  test('the last one counts, whatever stands around it', () => {
    const words = fc.constantFrom(['PASS', 'pass'], ['WARN', 'warn'], ['FAIL', 'fail'], ['ERROR', 'error']);
    const prose = fc.string().map((text) => text.replaceAll(/verdict/gi, ''));
    fc.assert(
      fc.property(fc.array(fc.tuple(prose, words), { minLength: 1, maxLength: 5 }), prose, (said, end) => {
        const text = [...said.map(([before, [word]]) => `${before}\nVERDICT: ${word}`), end].join('\n');
        expect(verdictIn(text)?.verdict).toBe(said.at(-1)![1][1]);
      }),
    );
  });

  test('any text gives a verdict or none, soon', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2000, unit: 'binary' }), (text) => {
        const said = verdictIn(`VERDICT: ${text}`);
        expect(said === undefined || typeof said.verdict === 'string').toBe(true);
      }),
    );
    const started = performance.now();
    verdictIn(`${'VERDICT: x | '.repeat(50_000)}\n${'*'.repeat(200_000)}VERDICT: PASS`);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('the verdict of a file', () => {
  test.each([
    ['STATUS: pass\nSUMMARY: all is well\n', { verdict: 'pass', note: 'all is well' }],
    ['STATUS: WARN', { verdict: 'warn' }],
    ['STATUS:\nSTATUS: fail', { verdict: 'fail' }],
    ['STATUS: retry', { verdict: 'warn', note: 'unknown verdict: retry' }],
    ['--- VERDICT ---\nSTATUS: error\nFILES: 0\n', { verdict: 'error' }],
    ['VERDICT: CLEAN', { verdict: 'pass' }],
    ['', undefined],
    ['\0\0', undefined],
  ])('%j', (text, expected) => {
    expect(verdictOfFile(text)).toEqual(expected);
  });
});

test.each([
  [{ verdict: 'pass' }, { verdict: 'pass' }],
  [
    { status: 'FAILED', reason: 'no' },
    { verdict: 'fail', note: 'no' },
  ],
  [
    { verdict: 'question', question: 'why?' },
    { verdict: 'question', note: 'why?' },
  ],
  [{ verdict: 3 }, undefined],
  [['pass'], undefined],
  ['pass', undefined],
  [null, undefined],
])('the verdict of the structured answer %j', (answer, expected) => {
  expect(verdictOfAnswer(answer)).toEqual(expected);
});
