import { expect, test } from 'vitest';
import { loadPlanText, renderDiagnostics } from '../../src/plan/index.js';
import { blocksOf, readPage } from './pages.js';

const blocks = blocksOf(readPage('docs/cheat-sheet.md'));

function marked(mark: string): string {
  return blocks.find(({ marks }) => marks.has(mark))!.text;
}

/** What a plan is refused or warned for. */
function said(text: string): string {
  const loaded = loadPlanText(text, { file: 'plan.yaml', strict: true });
  return renderDiagnostics(loaded.ok ? loaded.value.diagnostics : loaded.error);
}

test('the plan of the cheat sheet is valid, without a warning', () => {
  expect(said(marked('plan'))).toBe('no problems');
});

test('so are its other kinds of steps', () => {
  expect(said(`plan_id: a\ninputs: { TAG: {} }\nsteps:\n${marked('steps')}`)).toBe('no problems');
});

test('so are its secrets and messages', () => {
  expect(said(`plan_id: a\n${marked('globals')}steps: [{ id: a, shell: true, command: 'echo "$TOKEN"' }]\n`)).toBe(
    'no problems',
  );
});

test.each(marked('expressions').trimEnd().split('\n'))('the expression %s is valid', (expression) => {
  const plan = marked('plan').replace(
    'finally:',
    `  - id: more\n    depends_on: [deploy]\n    env: { VALUE: ${JSON.stringify(`\${{ ${expression} }}`)} }\n    command: echo\nfinally:`,
  );
  expect(said(plan)).toBe('no problems');
});

test('every fenced block is one of these', () => {
  expect(blocks.flatMap(({ marks }) => [...marks.keys()])).toEqual(['plan', 'steps', 'globals', 'expressions']);
});
