import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  buildAnswerPrompt,
  buildFixPrompt,
  buildPrompt,
  buildResumePrompt,
  buildReviewPrompt,
  type PromptParts,
} from '../../src/agents/prompt.js';

const GOLDEN = path.join(import.meta.dirname, 'golden');
const golden = (name: string): string => readFileSync(path.join(GOLDEN, `${name}.md`), 'utf8');

const parts: PromptParts = {
  title: 'Write the server',
  text: '\n\nAnswer on port 8080.\r\nUse no framework.\n\n',
  hint: 'Look at `docs/api.md` first.',
  planFile: 'docs/plan.md',
  files: ['src/server.ts', 'test/server.test.ts'],
  context: [
    { id: 'types', title: 'Types', status: 'pass', verdict: 'pass', text: 'Made src/types.ts.\n\nVERDICT: PASS\n' },
    { id: 'lint', title: 'Lint', status: 'warn', verdict: 'warn', text: '' },
    {
      id: 'long',
      title: 'Long',
      status: 'pass',
      text: Array.from({ length: 60 }, (_, i) => `line ${i + 1}`).join('\n'),
    },
  ],
  contextBytes: 32 * 1024,
};
const bare: PromptParts = { title: 'T', text: 'Do it.', files: [], context: [], contextBytes: 0 };

// Each golden file was read by a person; `npx vitest -u` does not touch them.
test.each([
  ['task', buildPrompt(parts)],
  ['task-bare', buildPrompt(bare)],
  ['resume', buildResumePrompt(bare, 'you were interrupted', true)],
  ['resume-anew', buildResumePrompt(bare, 'you were interrupted', false)],
  [
    'fix',
    buildFixPrompt(
      bare,
      {
        gates: [
          { run: 'npm test', message: 'ExitError: exited with code 1', output: 'a ``` fence\n1 failed\n' },
          { run: 'npm run lint', message: 'ExitError: exited with code 2', output: '' },
        ],
        words: 'Mind the fences.',
      },
      true,
    ),
  ],
  ['fix-review', buildFixPrompt(bare, { gates: [], review: 'src/a.ts:3: too short\n\nVERDICT: FAIL' }, false)],
  ['answer', buildAnswerPrompt(bare, 'red\nor blue', true)],
  [
    'review',
    buildReviewPrompt(parts, {
      diff: '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n',
      cut: 12,
      prompt: 'Is it safe?',
      criteria: '- tests for all errors\n',
      gates: [{ run: 'npm test', message: 'it passed' }],
    }),
  ],
])('the prompt %s', (name, prompt) => {
  expect(`${prompt}\n`).toBe(golden(name));
});

describe('any prompt', () => {
  const text = fc.string({ maxLength: 200, unit: 'grapheme' });
  const any: fc.Arbitrary<PromptParts> = fc.record({
    title: text,
    text,
    hint: text,
    files: fc.array(text, { maxLength: 3 }),
    context: fc.array(fc.record({ id: text, title: text, status: text, text: fc.string({ maxLength: 3000 }) }), {
      maxLength: 6,
    }),
    contextBytes: fc.integer({ min: 256, max: 4096 }),
  });

  test('begins and ends with words', () => {
    fc.assert(
      fc.property(any, (parts) => {
        const prompt = buildPrompt(parts);
        expect(prompt).toBe(prompt.trim());
        expect(prompt).toContain('VERDICT: QUESTION');
      }),
    );
  });

  test('keeps its context to the bytes that it may have', () => {
    fc.assert(
      fc.property(any, (parts) => {
        const without = Buffer.byteLength(buildPrompt({ ...parts, context: [] }));
        const room = parts.contextBytes + 20 * parts.context.length; // blank lines, and what says that it was cut
        expect(Buffer.byteLength(buildPrompt(parts)) - without).toBeLessThanOrEqual(room);
      }),
    );
  });
});
