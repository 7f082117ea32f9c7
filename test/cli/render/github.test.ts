import { expect, test } from 'vitest';
import { diagnosticAnnotations, githubAnnotations, githubSummary } from '../../../src/cli/render/github.js';
import type { StepView } from '../../../src/contract/run-messages.js';
import { endedRun } from '../../support/ended-run.js';

const bad: StepView = {
  id: 'bad',
  status: 'failed',
  reason: 'exit_non_zero',
  message: 'ExitError: 50% done,\n::set-env name=x::y',
  attempts: 1,
  started_at: 0,
  finished_at: 1000,
  stderr_tail: 'a ``` fence\nlast\n',
};

test('a failed step is an error, of a run that succeeded a warning; no message makes a command of its own', () => {
  const steps: StepView[] = [{ id: 'ok', status: 'success', attempts: 1 }, bad, { ...bad, id: 'r', recovered: true }];
  expect(githubAnnotations(endedRun('failed', steps))).toEqual([
    '::error title=gate%3A bad failed::50%25 done, ::set-env name=x::y (orch logs gate-1 bad)',
  ]);
  expect(githubAnnotations(endedRun('succeeded', steps))[0]).toMatch(/^::warning title=/);
});

test('the summary of a job has the steps, the end of what failed, and what to type', () => {
  const steps: StepView[] = [
    { id: 'ok', status: 'success', attempts: 1, started_at: 0, finished_at: 500 },
    { ...bad, message: 'no [link](http://x) | ![pixel](http://y)' },
  ];
  const about = { outlook: { reuses: 1, runs: 1 }, planFile: 'gate.yaml' };
  expect(githubSummary(endedRun('failed', steps), about)).toBe(
    [
      '### gate&#45;1 failed in 1.5s: 1 succeeded, 1 failed',
      '',
      '| | step | took | |',
      '|---|---|---|---|',
      '| ✅ | ok | 0.5s |  |',
      '| ❌ | bad | 1.0s | no &#91;link&#93;&#40;http&#58;//x&#41; &#124; &#33;&#91;pixel&#93;&#40;http&#58;//y&#41; |',
      '',
      'The last lines of bad:',
      '',
      '````text',
      'a ``` fence',
      'last',
      '````',
      '',
      '```text',
      'run it again:         orch rerun gate-1   reuses 1 step, runs 1',
      'with a changed plan:  orch rerun gate-1 --plan gate.yaml',
      '```',
      '',
      '',
    ].join('\n'),
  );
});

test('problems of plans are marked at their lines, ten of a kind', () => {
  const problem = {
    code: 'unknown_key',
    severity: 'error',
    message: 'no key "x"\n::stop',
    file: 'a,b.yaml',
    line: 2,
    column: 3,
  } as const;
  const warnings = Array.from(
    { length: 12 },
    () => ({ code: 'w', severity: 'warning', message: 'm', hint: 'h' }) as const,
  );
  const lines = diagnosticAnnotations([problem, ...warnings]);
  expect(lines[0]).toBe('::error file=a%2Cb.yaml,line=2,col=3,title=orch%3A unknown_key::no key "x"%0A::stop');
  expect(lines.slice(1)).toEqual(Array.from({ length: 10 }, () => '::warning title=orch%3A w::m%0Ah'));
});
