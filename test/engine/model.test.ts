import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isEnd } from '../../src/engine/index.js';
import type { OnFailure, TriggerRule } from '../../src/plan/types.js';
import { drive, type Drive } from './drive.js';
import { programOf, type StepSketch } from './programs.js';

type Outcome = 'success' | 'warning' | 'failed';

interface Scenario {
  steps: Record<string, StepSketch>;
  outcomes: Record<string, Outcome>;
  cap: number;
  /** Picks which running step ends next, and when an operator acts. */
  choices: number[];
}

/** Random DAGs: each step may depend on any earlier one. */
function scenarios(policies: readonly OnFailure[]): fc.Arbitrary<Scenario> {
  const step = fc.record({
    deps: fc.array(fc.nat(), { maxLength: 4 }),
    trigger_rule: fc.constantFrom<TriggerRule>('all_success', 'none_failed', 'all_done'),
    on_failure: fc.constantFrom(...policies),
    critical: fc.boolean(),
    noop: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    outcome: fc.constantFrom<Outcome>('success', 'success', 'warning', 'failed'),
  });
  return fc
    .record({
      list: fc.array(step, { minLength: 1, maxLength: 25 }),
      cap: fc.integer({ min: 1, max: 6 }),
      choices: fc.array(fc.nat(), { minLength: 200, maxLength: 200 }),
    })
    .map(({ list, cap, choices }) => {
      const steps: Record<string, StepSketch> = {};
      const outcomes: Record<string, Outcome> = {};
      list.forEach(({ deps, noop, outcome, ...rest }, i) => {
        const depends_on = i === 0 ? [] : [...new Set(deps.map((d) => `s${d % i}`))];
        steps[`s${i}`] = { ...rest, depends_on, ...(noop ? { action: { type: 'noop' as const } } : {}) };
        outcomes[`s${i}`] = noop ? 'success' : outcome;
      });
      return { steps, outcomes, cap, choices };
    });
}

/**
 * The reference: the rules read aloud, with no queue, no counters and no order. Ends are looked up until nothing
 * changes. `forced` are steps that an operator took out.
 */
function model(scenario: Scenario, forced: Record<string, 'skipped' | 'canceled'>): Record<string, string> {
  const ends: Record<string, string> = {};
  const standing = (id: string): 'ok' | 'skipped' | 'failed' => {
    const end = ends[id]!;
    if (end === 'failed:exit_non_zero') return scenario.steps[id]!.on_failure === 'continue' ? 'ok' : 'failed';
    if (end === 'skipped:dependency_failed' || end === 'canceled:operator') return 'failed';
    return end === 'skipped:dependency_skipped' ? 'skipped' : 'ok';
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const [id, step] of Object.entries(scenario.steps)) {
      if (id in ends) continue;
      const deps = step.depends_on ?? [];
      if (id in forced) ends[id] = forced[id] === 'skipped' ? 'skipped:operator' : 'canceled:operator';
      else if (!deps.every((dep) => dep in ends)) continue;
      else {
        const seen = deps.map(standing);
        const failed = seen.includes('failed');
        const skipped = seen.includes('skipped');
        const runs =
          step.trigger_rule === 'all_done' ||
          (step.trigger_rule === 'none_failed' && !failed) ||
          (step.trigger_rule === 'all_success' && !failed && !skipped);
        if (!runs) ends[id] = failed ? 'skipped:dependency_failed' : 'skipped:dependency_skipped';
        else ends[id] = scenario.outcomes[id] === 'failed' ? 'failed:exit_non_zero' : scenario.outcomes[id]!;
      }
      changed = true;
    }
  }
  return ends;
}

function checkAlways(run: Drive, scenario: Scenario): void {
  expect(run.running.length).toBeLessThanOrEqual(scenario.cap);
  expect(new Set(run.started).size).toBe(run.started.length);
  const counted: Record<string, number> = {};
  for (const step of run.state.steps) counted[step.status] = (counted[step.status] ?? 0) + 1;
  for (const [status, count] of Object.entries(run.state.counts)) expect(counted[status] ?? 0).toBe(count);
}

test('without abort, every order of ends gives the ends that the rules say', () => {
  fc.assert(
    fc.property(scenarios(['skip_dependents', 'continue']), fc.boolean(), (scenario, operator) => {
      const run = drive(programOf(scenario.steps, scenario.cap));
      const forced: Record<string, 'skipped' | 'canceled'> = {};
      const ids = Object.keys(scenario.steps);
      let turn = 0;
      while (run.finished === undefined) {
        const choice = scenario.choices[turn++ % scenario.choices.length]!;
        const target = ids[choice % ids.length]!;
        if (operator && choice % 7 === 0 && run.skip(target) === undefined) forced[target] = 'skipped';
        else if (operator && choice % 7 === 1 && run.cancelStep(target) === undefined) forced[target] = 'canceled';
        checkAlways(run, scenario);
        if (run.finished !== undefined) break;
        const next = run.running[choice % run.running.length]!;
        run.end(next, scenario.outcomes[next]);
      }
      const expected = model(scenario, forced);
      expect(run.statuses()).toEqual(expected);
      const broken = Object.entries(expected).some(
        ([id, end]) => scenario.steps[id]!.critical && (end.startsWith('failed') || end === 'canceled:operator'),
      );
      expect(run.finished).toBe(broken ? 'failed' : 'succeeded');
    }),
    { numRuns: 1500 },
  );
});

test('with any policy, and cancels at any time, a run ends, and every step of it has an end', () => {
  fc.assert(
    fc.property(scenarios(['abort', 'skip_dependents', 'continue']), fc.option(fc.nat(40)), (scenario, cancelAt) => {
      const run = drive(programOf(scenario.steps, scenario.cap));
      let startedAtStop: number | undefined;
      for (let turn = 0; run.finished === undefined; turn += 1) {
        if (turn === cancelAt) run.cancel();
        if (run.state.stop !== undefined) startedAtStop ??= run.started.length;
        checkAlways(run, scenario);
        if (run.finished !== undefined) break;
        const next = run.running[scenario.choices[turn % scenario.choices.length]! % run.running.length]!;
        run.end(next, scenario.outcomes[next]);
      }
      expect(run.state.steps.every((step) => isEnd(step.status))).toBe(true);
      if (startedAtStop !== undefined) expect(run.started.length).toBe(startedAtStop);
      const aborted = Object.entries(run.statuses()).some(
        ([id, end]) =>
          end === 'failed:exit_non_zero' && scenario.steps[id]!.critical && scenario.steps[id]!.on_failure === 'abort',
      );
      if (run.state.stop === 'run_canceled') expect(run.finished).toBe('canceled');
      else if (aborted) expect(run.finished).toBe('failed');
    }),
    { numRuns: 1500 },
  );
});
