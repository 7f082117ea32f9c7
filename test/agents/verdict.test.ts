import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText } from '../../src/agents/plain-text.js';
import { buildPrompt, buildReviewPrompt } from '../../src/agents/prompt.js';
import { verdictOfFile } from '../../src/agents/verdict-file.js';
import { verdictIn, verdictOfAnswer } from '../../src/agents/verdict.js';

const block = (...lines: string[]): string => ['--- VERDICT ---', ...lines, '---'].join('\n');

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

  test.each([
    ['VERDICT: ❌ FAIL x', 'fail', 'x'],
    ['VERDICT: ❌', 'fail', undefined],
    ['VERDICT: ✅ PASS', 'pass', undefined],
    ['VERDICT: ✅ FAIL after all', 'fail', 'after all'],
    ['\u001B[1;31mVERDICT: FAIL\u001B[0m', 'fail', undefined],
    ['\u001B]0;agent: ready\u0007VERDICT: \u001B[31mFAIL\u001B[0m x', 'fail', 'x'],
    ['\uFEFFVERDICT: FAIL', 'fail', undefined],
    ['Final verdict: FAIL', 'fail', undefined],
    ['My overall verdict: FAIL', 'fail', undefined],
    ['**VERDICT:** FAIL', 'fail', undefined],
    ['**VERDICT: FAIL**', 'fail', undefined],
    ['1. VERDICT: FAIL', 'fail', undefined],
    ['• VERDICT: FAIL', 'fail', undefined],
    ['(3) **Final verdict:** FAIL', 'fail', undefined],
    ['| Verdict | FAIL |', 'fail', undefined],
    ['VERDICT - FAIL', 'fail', undefined],
    ['VERDICT — FAIL it leaks', 'fail', 'it leaks'],
    ['VERDICT = FAIL', 'fail', undefined],
    ['VERDICT → FAIL', 'fail', undefined],
    ['VERDICT：FAIL', 'fail', undefined],
    ['VERDICT FAIL', 'fail', undefined],
    ['The verdict is FAIL', 'fail', undefined],
    ['VERDICT (final): FAIL', 'fail', undefined],
    ['VERDICT: [FAIL]', 'fail', undefined],
    ['VERDICT: <FAIL> no tests', 'fail', 'no tests'],
    ['VERDICT:\nFAIL', 'fail', undefined],
    ['## Verdict\n\n**FAIL** the tests are gone', 'fail', 'the tests are gone'],
    ['- VERDICT:\n- ❌ FAIL', 'fail', undefined],
    ['VERDICT: FAILURE', 'fail', undefined],
    ['VERDICT: FAIL!', 'fail', undefined],
    ['VERDICT: BLOCK', 'fail', undefined],
    ['VERDICT: REJECT it is unsafe', 'fail', 'it is unsafe'],
    ['VERDICT: NOT PASS', 'fail', undefined],
    ['VERDICT: NOT APPROVED: no tests', 'fail', 'no tests'],
    ['VERDICT: DOES NOT PASS', 'fail', undefined],
    ['VERDICT: cannot pass', 'fail', undefined],
    ['VERDICT: CHANGES REQUESTED', 'fail', undefined],
    ['VERDICT: REQUEST_CHANGES', 'fail', undefined],
    ['VERDICT: needs work', 'fail', undefined],
    ['VERDICT: Definite FAIL', 'fail', ''],
    ['VERDICT: FAIL or error in the tests', 'fail', 'or error in the tests'],
    ['VERDICT: LGTM', 'pass', undefined],
    // A pass that is none.
    ['VERDICT: PASS or FAIL, I cannot say', 'warn', 'ambiguous verdict: PASS or FAIL, I cannot say'],
    ['VERDICT: PASS, but the tests do not run', 'warn', 'PASS, but the tests do not run'],
    ['VERDICT: PASS with minor concerns', 'warn', 'PASS with minor concerns'],
    ['VERDICT: passwords leak', 'warn', 'unknown verdict: passwords leak'],
    // What is said to dispatch scripts.
    ['VERDICT: NEEDS_ATTENTION FAIL it deletes the database', 'fail', 'it deletes the database'],
    ['VERDICT: NEEDS_ATTENTION QUESTION which port?', 'question', 'which port?'],
    ['VERDICT: NEEDS ATTENTION', 'warn', undefined],
  ])('%j is read as %s', (text, verdict, note) => {
    const said = verdictIn(`I looked.\n\n${text}`);
    expect(said?.verdict).toBe(verdict);
    if (note !== '') expect(said?.note).toBe(note);
  });

  test.each([
    'VERDICT: PASS/FAIL',
    'VERDICT: PASS or FAIL',
    'VERDICT: PASS, WARN or FAIL',
    'VERDICT: PASS \\| FAIL',
    'VERDICT: [PASS|FAIL]',
    'VERDICT: <PASS | WARN reason | FAIL reason>',
    'VERDICT: {{verdict}}',
    'VERDICT: `<word>`',
    'The verdict is clean code all over',
    'Verdict - I am not sure',
    'the verdict-lines of the parser are tested: FAIL is one',
    'VERDICT:\n\nI have looked at all of it.',
    '## Verdict\n\nEnd your answer with one line that says how it went:',
  ])('%j is none', (text) => {
    expect(verdictIn(text)).toBeUndefined();
  });

  test.each([
    [
      block('STATUS: fail', 'FILES: 2 changed', 'FINDINGS: 1', 'SUMMARY: it leaks'),
      { verdict: 'fail', note: 'it leaks' },
    ],
    [
      block('STATUS: fail', 'FILES: 2 changed', 'FINDINGS: 1', 'SUMMARY: it leaks', 'NEXT: mend it'),
      { verdict: 'fail', note: 'it leaks' },
    ],
    [`${block('STATUS: fail', 'SUMMARY: it leaks')}\n\nThat is all.`, { verdict: 'fail', note: 'it leaks' }],
    [`${block('STATUS: pass')}\nVERDICT: FAIL no`, { verdict: 'fail', note: 'no' }],
    [`VERDICT: PASS\n${block('STATUS: fail')}`, { verdict: 'fail' }],
    ['--- VERDICT ---\r\n**STATUS:** FAIL', { verdict: 'fail' }],
    [`${block('STATUS: warn')}\n${block('STATUS: pass | warn | fail')}`, { verdict: 'warn' }],
  ])('a block counts as a line does: %j', (text, expected) => {
    expect(verdictIn(`Done.\n\n${text}\n`)).toEqual(expected);
  });

  const parts = { title: 't', text: 'x', files: [], context: [], contextBytes: 0 };
  const review = { diff: '', cut: 0, gates: [] };
  test.each([
    ['a task', buildPrompt(parts)],
    ['a review', buildReviewPrompt(parts, review)],
    ['a task for a dispatch script', buildPrompt({ ...parts, words: 'dispatch' })],
    ['a review by a dispatch script', buildReviewPrompt({ ...parts, words: 'dispatch' }, review)],
  ])("orch's own prompt of %s, echoed, is no verdict", (_, prompt) => {
    const quoted = prompt.replaceAll(/^/gm, '> ');
    const rendered = prompt.replaceAll('`', '').replaceAll(/^- /gm, '  • ');
    const colored = prompt.replaceAll(/^/gm, '\u001B[2m');
    for (const echo of [prompt, quoted, rendered, colored]) {
      expect(verdictIn(echo)).toBeUndefined();
      expect(verdictIn(`VERDICT: FAIL no\n${echo}`)).toEqual({ verdict: 'fail', note: 'no' });
    }
  });

  test('words of the prompt that an agent says itself count', () => {
    expect(verdictIn('VERDICT: FAIL it cannot be done')).toMatchObject({ verdict: 'fail' });
    expect(verdictIn('VERDICT: PASS: the task is done')).toMatchObject({ verdict: 'pass' });
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
    verdictIn(`VERDICT: ${'\u001B]0;'.repeat(50_000)}${'not '.repeat(50_000)}${'PASS or '.repeat(50_000)}`);
    verdictIn(`${'verdict ('.repeat(50_000)}\n${'the verdict: '.repeat(50_000)}`);
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});

describe('the verdict of a file', () => {
  test.each([
    ['STATUS: pass\nSUMMARY: all is well\n', { verdict: 'pass', note: 'all is well' }],
    ['STATUS: WARN', { verdict: 'warn' }],
    ['STATUS:\nSTATUS: fail', { verdict: 'fail' }],
    ['STATUS: retry', { verdict: 'retry' }],
    ['STATUS: retry\nSUMMARY: HTTP 429', { verdict: 'retry', note: 'HTTP 429' }],
    ['\uFEFFSTATUS: fail', { verdict: 'fail' }],
    [' STATUS: fail', { verdict: 'fail' }],
    ['# STATUS: FAIL', { verdict: 'fail' }],
    ['**Status:** FAIL no', { verdict: 'fail', note: 'no' }],
    ['{"status":"fail"}', { verdict: 'fail' }],
    ['{"verdict":"fail","summary":"no"}', { verdict: 'fail', note: 'no' }],
    // What nobody knows is no success.
    ['STATUS: bogus', { verdict: 'error', note: 'unknown status in its verdict file: bogus' }],
    ['STATUS: skipped', { verdict: 'error', note: 'unknown status in its verdict file: skipped' }],
    ['STATUS: pass | fail', { verdict: 'error', note: 'unknown status in its verdict file: pass | fail' }],
    ['{"result":"fine"}', { verdict: 'warn', note: 'its verdict file has no status: {"result":"fine"}', unsure: true }],
    ['all is well\n', { verdict: 'warn', note: 'its verdict file has no status: all is well', unsure: true }],
    ['STATUS:\n', undefined],
    ['--- VERDICT ---\nSTATUS: error\nFILES: 0\n', { verdict: 'error' }],
    ['VERDICT: CLEAN', { verdict: 'pass' }],
    ['', undefined],
    ['\0\0', undefined],
  ])('%j', (text, expected) => {
    expect(verdictOfFile(text)).toEqual(expected);
  });

  test.each([
    ['STATUS: pass', 'pass'],
    ['STATUS: warn', 'warn'],
    ['STATUS: fail', 'fail'],
    ['STATUS: FAIL', 'fail'],
    ['STATUS: retry', 'retry'],
    // The scripts of teams, and the systems that call them, know a pass as it is written.
    ['STATUS: PASS', 'error'],
    ['STATUS: ok', 'error'],
    ['STATUS: bogus', 'error'],
    ['STATUS: skipped', 'error'],
  ])('of a dispatch script: %j is %s', (text, expected) => {
    expect(verdictOfFile(text, { exact: true })?.verdict).toBe(expected);
  });

  test.each([
    ['UTF-8', Buffer.from('STATUS: fail\n')],
    ['UTF-8 with a mark', Buffer.from('\uFEFFSTATUS: fail\n')],
    ['UTF-16', Buffer.from('\uFEFFSTATUS: fail\n', 'utf16le')],
    ['UTF-16, the other way round', Buffer.from('\uFEFFSTATUS: fail\n', 'utf16le').swap16()],
    ['UTF-16 without a mark', Buffer.from('STATUS: fail\n\n', 'utf16le')],
    ['UTF-16 without a mark, the other way round', Buffer.from('STATUS: fail\n\n', 'utf16le').swap16()],
  ])('in %s', (_, bytes) => {
    expect(verdictOfFile(decodeText(bytes))).toEqual({ verdict: 'fail' });
  });
});

test.each([
  [{ verdict: 'pass' }, { verdict: 'pass' }],
  [
    { verdict: 'FAILED', reason: 'no' },
    { verdict: 'fail', note: 'no' },
  ],
  // Every other field is the user's own.
  [{ status: 'failed' }, undefined],
  [{ status: 'blocked' }, undefined],
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
