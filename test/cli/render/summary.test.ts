import { expect, test } from 'vitest';
import type { LogAddress } from '../../../src/cli/log-links.js';
import { renderSummary } from '../../../src/cli/render/summary.js';
import { createStyles, paint } from '../../../src/cli/terminal.js';
import type { StepView } from '../../../src/contract/run-messages.js';
import { endedRun } from '../../support/ended-run.js';

const colors = createStyles(false);
const exited = (id: string, more: Partial<StepView> = {}): StepView => ({
  id,
  status: 'failed',
  reason: 'exit_non_zero',
  message: 'ExitError: exited with code 3',
  attempts: 1,
  ...more,
});

test('a failed run says what failed and why, where its output is, and how it is run again', () => {
  const steps: StepView[] = [
    { id: 'ok', status: 'success', attempts: 1 },
    exited('bad', { stderr_tail: 'first\nlast\n', log_dir: '/state/runs/gate-1/steps/bad/1' }),
    exited('each', { log_dir: '/state/runs/gate-1/steps/each%5B12%5D/2' }),
    exited('sub', {
      reason: 'sub_plan_failed',
      message: "SubPlanError: run 'gate-1~sub': failed",
      sub_runs: ['gate-1~sub'],
    }),
    { id: 'never', status: 'failed', reason: 'expression_error', message: 'ExpressionError: no such key', attempts: 0 },
    { id: 'after', status: 'canceled', reason: 'aborted', attempts: 0 },
  ];
  const about = { outlook: { reuses: 1, runs: 5 }, planFile: 'my plan.yaml', web_ui: 'http://ui' };
  expect(renderSummary(colors, endedRun('failed', steps), about)).toBe(
    `gate-1 failed in 1.5s: 1 succeeded, 4 failed, 1 canceled
  failed  bad: exited with code 3
    | first
    | last
    its output:  orch logs gate-1 bad
  failed  each: exited with code 3
    its output:  orch logs gate-1 'each[12]'
  failed  sub: run 'gate-1~sub': failed
    its run:  orch status gate-1~sub
  failed  never: no such key
    more:  orch explain gate-1 never
  run it again:         orch rerun gate-1   reuses 1 step, runs 5
  with a changed plan:  orch rerun gate-1 --plan 'my plan.yaml'
  Web UI  http://ui
`,
  );
});

test('of many failures the first are told, and of long output the last lines', () => {
  const long = Array.from({ length: 12 }, (_, i) => `line ${i}`).join('\n');
  const steps = Array.from({ length: 7 }, (_, i) => exited(`s${i}`, i === 0 ? { stdout_tail: long } : {}));
  const text = renderSummary(colors, endedRun('failed', steps));
  expect(text.match(/ {2}failed {2}s\d/g)).toEqual([0, 1, 2, 3, 4].map((i) => `  failed  s${i}`));
  expect(text).toContain('  … and 2 more failed steps\n');
  expect(text.match(/\| line \d+/g)).toEqual(Array.from({ length: 10 }, (_, i) => `| line ${i + 2}`));
  expect(text).toContain(
    '  run it again:         orch rerun gate-1\n  with a changed plan:  orch rerun gate-1 --plan FILE\n',
  );
});

test('a run that succeeded is not to be run again', () => {
  const steps = [exited('allowed', { log_dir: '/l/allowed/1' })];
  expect(renderSummary(colors, endedRun('succeeded', steps))).toBe(
    `gate-1 succeeded in 1.5s: 1 failed
  failed  allowed: exited with code 3
    its output:  orch logs gate-1 allowed
`,
  );
});

const logs: LogAddress = (run, { id }) => (id === 'bad' ? `file://box/${run}/${id}` : undefined);

test('the command that shows the output of a failed step leads to the file', () => {
  const steps = [exited('bad', { log_dir: '/state/runs/gate-1/steps/bad/1' }), exited('gone', { log_dir: '/gone/1' })];
  const text = paint(renderSummary(createStyles(true, true), endedRun('failed', steps), { logs }));
  expect(text).toContain(
    '    its output:  \u001B]8;;file://box/gate-1/bad\u0007orch logs gate-1 bad\u001B]8;;\u0007\n',
  );
  expect(text).toContain('    its output:  orch logs gate-1 gone\n');
});

test('a run that succeeded without some of its steps says which, and how they are done', () => {
  const steps: StepView[] = [
    exited('size'),
    ...['approve', 'merge', 'tag', 'tell'].map((id): StepView => ({
      id,
      status: 'skipped',
      reason: 'dependency_failed',
      attempts: 0,
    })),
    { id: 'other-way', status: 'skipped', reason: 'condition_false', attempts: 0 },
  ];
  expect(renderSummary(colors, endedRun('succeeded', steps))).toBe(
    `gate-1 succeeded in 1.5s: 1 failed, 5 skipped
  failed  size: exited with code 3
    more:  orch explain gate-1 size
  not run  approve, merge, tag and 1 more: what came before failed, with \`critical: false\`, so the run still succeeded
  run it again:         orch rerun gate-1
  with a changed plan:  orch rerun gate-1 --plan FILE
`,
  );
});
