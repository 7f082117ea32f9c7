import { describe, expect, test } from 'vitest';
import { loadPlanText } from '../../../src/plan/index.js';
import { secondsOf } from '../../../src/plan/model/duration.js';

/** What became of one step, written in YAML. */
function stepOf(text: string): Record<string, unknown> {
  const loaded = loadPlanText(`plan_id: a\nsteps:\n  - {id: b, command: x}\n  - {id: a, command: echo, ${text}}\n`, {
    file: 'a.yaml',
  });
  expect(loaded.ok ? [] : loaded.error).toEqual([]);
  return loaded.ok ? (loaded.value.plan.steps[1] as unknown as Record<string, unknown>) : {};
}

describe('scalars are read as people write them', () => {
  test.each([
    ['depends_on: b', { depends_on: ['b'] }],
    ['tags: fast', { tags: ['fast'] }],
    ['locks: db', { locks: ['db'] }],
    ['args: [1, 3.10, true, 0x1F, 1_000]', { action: { args: ['1', '3.10', 'true', '0x1F', '1_000'] } }],
    ['env: {A: 1, PY: 3.10, T: true, BIG: 1e3}', { env: { A: '1', PY: '3.10', T: 'true', BIG: '1e3' } }],
    ['env: {A: &v 3.10, B: *v}', { env: { A: '3.10', B: '3.10' } }],
    ['timeout_sec: 10m', { timeout_sec: 600 }],
    ['timeout_sec: 1h30m', { timeout_sec: 5400 }],
    ['timeout_sec: none', { timeout_sec: 'none' }],
    ['retry_delay_sec: 500ms, retries: 1', { retry: { retries: 1, delay_sec: 0.5 } }],
    ['retry: 3', { retry: { retries: 3 } }],
    ['success_exit_codes: 3', { success_exit_codes: [3] }],
    ['condition: true', { condition: 'true' }],
    ['on_failure: fallback_step, fallback_step: b', { on_failure: 'abort', fallback_step: 'b' }],
  ])('%s', (text, expected) => {
    expect(stepOf(text)).toMatchObject(expected);
  });

  test('in JSON as well, with the digits of the file', () => {
    const text = '{"plan_id": 7, "version": 1.10, "steps": [{"id": 1, "command": "x", "env": {"PY": 3.10}}]}';
    const loaded = loadPlanText(text, { file: 'a.json' });
    expect(loaded.ok && loaded.value.plan).toMatchObject({
      plan_id: '7',
      version: '1.10',
      steps: [{ id: '1', env: { PY: '3.10' } }],
    });
  });

  test('what is wrong is reported as it was written', () => {
    const loaded = loadPlanText(
      'plan_id: a\nsteps: [{id: a, command: x, retry: 3, retries: 2, timeout_sec: 10 parsecs}]',
    );
    expect(loaded.ok ? [] : loaded.error.map((each) => `${each.code} ${each.message}`)).toEqual([
      "wrong_type 'retry' must be a map, not a number",
      "wrong_type 'timeout_sec' must be a positive number of seconds, a duration such as 10m, or none, not a string",
    ]);
  });

  test('the older word for a fallback needs one', () => {
    const loaded = loadPlanText('plan_id: a\nsteps: [{id: a, command: x, on_failure: fallback_step}]');
    expect(loaded.ok ? [] : loaded.error.map((each) => each.message)).toEqual([
      "'on_failure: fallback_step' needs the step that it means",
    ]);
  });
});

test.each([
  ['90s', 90],
  ['10m', 600],
  ['1h 30m', 5400],
  ['1.5d', 129_600],
  ['2w', 1_209_600],
  ['1.1s', 1.1],
  ['10', undefined],
  ['', undefined],
  ['m', undefined],
  ['10 parsecs', undefined],
  ['-1s', undefined],
  ['1s1', undefined],
])('%j is %j seconds', (text, expected) => {
  expect(secondsOf(text)).toBe(expected);
});
