import { describe, expect, test } from 'vitest';
import { loadPlanText } from '../../../src/plan/index.js';

/** What is said of one strange key. */
function said(top: string, step = 'command: x', severity = 'error'): string {
  const loaded = loadPlanText(`plan_id: a\n${top}\nsteps:\n  - {id: a, ${step}}\n`);
  const found = loaded.ok ? loaded.value.diagnostics : loaded.error;
  expect(found.map((each) => [each.code, each.severity])).toEqual([['unknown_key', severity]]);
  return found[0]!.hint!;
}

describe('a key whose place is elsewhere', () => {
  test.each([
    ['env: {A: b}', 'write it under globals: globals.env'],
    ['max_concurrency: 3', 'write it under globals: globals.max_concurrency'],
    ['retries: 3', 'write globals.default_retries'],
    ['globals: {timeout_sec: 3}', 'write default_timeout_sec for each step, run_timeout_sec for the run'],
    ['globals: {inputs: {}}', 'it belongs at the top of the plan, beside steps'],
    ['globals: {depends_on: []}', 'it belongs on a step'],
  ])('%s', (top, hint) => {
    expect(said(top)).toBe(hint);
  });

  test.each([
    ['command: x, max_concurrency: 3', 'it holds for the whole plan: write globals.max_concurrency'],
    ['command: x, guardrails: []', 'it belongs at the top of the plan, beside steps'],
    ['command: x, url: y', 'put it into step_def: {type: http, url: …}'],
    ['step_def: {type: http, url: "http://x"}, method: POST', 'move it into step_def'],
    ['step_def: {type: noop}, prompt: y', 'only steps of type agent have it, in step_def'],
    ['step_def: {type: shell, script: x, cwd: y}', 'it belongs on the step, beside step_def'],
  ])('%s', (step, hint) => {
    expect(said('', step)).toBe(hint);
  });
});

describe('the keys of neighbouring tools', () => {
  test.each([
    ['command: x, run: y', 'write command and `shell: true`, or step_def: {type: shell, script: …}'],
    ['command: x, needs: y', 'write depends_on'],
    ['command: x, if: y', 'write condition'],
    ['command: x, when: y', 'write condition; skip_if where the work is already done'],
    ['command: x, timeout: y', 'write timeout_sec: a number of seconds, or a time like 10m'],
    ['command: x, script: y', 'write step_def: {type: shell, script: …}'],
    ['command: x, continue-on-error: y', 'write on_failure: continue'],
    ['command: x, metadata: {}', 'a step has none; name the key `x-…`, or write description or tags'],
  ])('%s', (step, hint) => {
    expect(said('', step)).toBe(hint);
  });

  test('when it runs is said by schedule; a note of one’s own is only told', () => {
    expect(said('cron: "0 2 * * *"')).toBe('write schedule: {cron: …}');
    expect(said('doc_id: 5', 'command: x', 'warning')).toBe("put it under metadata, or name it 'x-doc_id'");
  });
});
