import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Mode } from '../../../src/formats/exec-manifest/index.js';
import { drive } from '../../engine/drive.js';
import { programOf, type StepSketch } from '../../engine/programs.js';
import { planOf, type PlanDocument } from './sample.js';

type Outcome = 'success' | 'warning' | 'failed';

interface Scenario {
  mode: Mode;
  /** For each stage its tasks. */
  stages: { id: string; depends: string[] }[][];
  outcomes: Record<string, Outcome>;
  cap: number;
  /** Picks which running task ends next. */
  choices: number[];
}

/** Random manifests: a task may need any that stand before it, and some that stand behind it in its stage. */
const scenarios: fc.Arbitrary<Scenario> = fc
  .record({
    mode: fc.constantFrom<Mode>('dependency-driven', 'manual-batching', 'all-sequential', 'all-parallel'),
    stages: fc.array(
      fc.array(
        fc.record({
          deps: fc.array(fc.nat(), { maxLength: 3 }),
          outcome: fc.constantFrom<Outcome>('success', 'success', 'success', 'warning', 'failed'),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      { minLength: 1, maxLength: 4 },
    ),
    backwards: fc.boolean(),
    cap: fc.integer({ min: 1, max: 6 }),
    choices: fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
  })
  .map(({ mode, stages, backwards, cap, choices }) => {
    const outcomes: Record<string, Outcome> = {};
    const known: string[] = [];
    const built = stages.map((tasks, stage) => {
      const made = tasks.map(({ deps, outcome }, place) => {
        const id = `t${stage}-${place}`;
        outcomes[id] = outcome;
        const depends = known.length === 0 ? [] : [...new Set(deps.map((dep) => known[dep % known.length]!))];
        known.push(id);
        return { id, depends };
      });
      return backwards ? made.toReversed() : made;
    });
    return { mode, stages: built, outcomes, cap, choices };
  });

function documentOf({ mode, stages, cap }: Scenario): PlanDocument {
  return planOf(
    JSON.stringify({
      version: 1,
      mode,
      max_parallel: cap,
      stages: stages.map((tasks, stage) => ({
        name: `s${stage}`,
        tasks: tasks.map((task) => ({ ...task, title: task.id })),
      })),
    }),
  );
}

/** What each task needs by the rules of the format: what it names, and all of the stages before it. */
function needs({ mode, stages }: Scenario): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const before: string[] = [];
  for (const tasks of stages) {
    for (const { id, depends } of tasks) {
      found.set(id, new Set(mode === 'all-parallel' ? [] : [...before, ...depends]));
    }
    before.push(...tasks.map(({ id }) => id));
  }
  return found;
}

/** A task ends as it does where all that it needs went well, and is skipped else. */
function expected(scenario: Scenario): Record<string, string> {
  const of = needs(scenario);
  const ends = new Map<string, string>();
  const endOf = (id: string): string => {
    const known = ends.get(id);
    if (known !== undefined) return known;
    const well = [...of.get(id)!].every((need) => ['success', 'warning'].includes(endOf(need)));
    const end = well ? scenario.outcomes[id]! : 'skipped';
    ends.set(id, end);
    return end;
  };
  return Object.fromEntries([...of.keys()].map((id) => [id, endOf(id)]));
}

test('a converted manifest runs by the rules of its mode', () => {
  fc.assert(
    fc.property(scenarios, (scenario) => {
      const document = documentOf(scenario);
      const sketches = document.steps.map((step) => {
        const sketch: StepSketch = {
          depends_on: step.depends_on ?? [],
          ...(step.trigger_rule === 'all_done' ? { trigger_rule: 'all_done' } : {}),
          ...(step.on_failure === 'skip_dependents' ? { on_failure: 'skip_dependents' } : {}),
          ...(step.step_def.type === 'noop' ? { action: { type: 'noop' } } : {}),
        };
        return [step.id, sketch] as const;
      });
      const run = drive(programOf(Object.fromEntries(sketches), Number(document.globals['max_concurrency'])));
      const of = needs(scenario);
      const ended = new Set<string>();
      const cap = scenario.mode === 'all-sequential' ? 1 : scenario.cap;
      for (let turn = 0; run.running.length > 0; turn += 1) {
        expect(run.running.length).toBeLessThanOrEqual(cap);
        for (const id of run.running) for (const need of of.get(id)!) expect(ended).toContain(need);
        const next = run.running[scenario.choices[turn % scenario.choices.length]! % run.running.length]!;
        ended.add(next);
        run.end(next, scenario.outcomes[next]);
      }
      const ends = expected(scenario);
      const statuses = run.statuses();
      expect(Object.fromEntries(Object.keys(ends).map((id) => [id, statuses[id]!.split(':')[0]]))).toEqual(ends);
      const well = Object.values(ends).every((end) => end === 'success' || end === 'warning');
      expect(run.finished).toBe(well ? 'succeeded' : 'failed');
      if (scenario.mode === 'all-sequential') expectInOrder(scenario, run.started);
    }),
    { numRuns: 1000 },
  );
});

/** Each task that starts is the first of its stage, in the order of the manifest, whose named tasks are behind it. */
function expectInOrder(scenario: Scenario, started: readonly string[]): void {
  for (const tasks of scenario.stages) {
    const left = new Map(tasks.map(({ id, depends }) => [id, depends]));
    const order: string[] = [];
    while (left.size > 0) {
      const [next] = [...left].find(([, depends]) => depends.every((id) => !left.has(id)))!;
      left.delete(next);
      order.push(next);
    }
    expect(started.filter((id) => order.includes(id))).toEqual(order.filter((id) => started.includes(id)));
  }
}
