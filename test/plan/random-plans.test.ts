import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkPlan, levels, loadPlanText, outputsRead, stepConditions } from '../../src/plan/index.js';
import { propertyRuns } from '../support/property-runs.js';

const actions = fc.constantFrom<Record<string, unknown>>(
  { command: 'echo', args: ['${{ run.id }}'] },
  { step_def: { type: 'shell', script: 'true' } },
  { step_def: { type: 'powershell', script: 'x.ps1', args: { Force: true } } },
  { step_def: { type: 'http', url: 'https://example.org', expect_status: ['2xx', 404] } },
  { step_def: { type: 'approval', inputs: { note: {} }, timeout_sec: 5, default: 'approve' } },
  { step_def: { type: 'wait', seconds: 1 } },
  { step_def: { type: 'noop' } },
);

const drafts = fc.record({
  action: actions,
  edges: fc.array(fc.nat(), { maxLength: 3 }),
  reads: fc.option(fc.nat(), { nil: undefined }),
  skip: fc.boolean(),
  fallback: fc.boolean(),
});
type Draft = typeof drafts extends fc.Arbitrary<infer T> ? T : never;

/** Steps whose edges lead backwards. The fallback of a step stands right behind it, and nothing waits for it. */
function stepsOf(prefix: string, list: readonly Draft[]): Record<string, unknown>[] {
  return list.flatMap(({ action, edges, reads, skip, fallback }, index) => {
    const id = `${prefix}${index}`;
    const before = [...new Set(index === 0 ? [] : edges.map((edge) => `${prefix}${edge % index}`))];
    const read = reads === undefined ? undefined : before[reads % Math.max(before.length, 1)];
    const step = {
      id,
      ...action,
      depends_on: before,
      ...(read === undefined ? {} : { condition: `prev.${read}.status == 'success' || prev.${read}.outputs.o == 1` }),
      ...(skip ? { skip_if: ["env.SKIP == '1'"] } : {}),
      ...(fallback ? { fallback_step: `${id}_f` } : {}),
    };
    return fallback ? [step, { id: `${id}_f`, command: 'x', condition: `prev.${id}.exit_code != 3` }] : [step];
  });
}

const plans = fc
  .record({
    main: fc.array(drafts, { minLength: 1, maxLength: 12 }),
    last: fc.array(drafts, { maxLength: 5 }),
    globals: fc.record(
      {
        run_timeout_sec: fc.constantFrom(5, 'none'),
        finally_timeout_sec: fc.integer({ min: 1, max: 100 }),
        max_step_duration_sec: fc.constantFrom(0.5, 'none'),
        on_abort: fc.constantFrom('fail', 'quarantine'),
        breaker: fc.constantFrom({}, { failures: 1 }, null),
      },
      { requiredKeys: [] },
    ),
  })
  .chain(({ main, last, globals }) => {
    const steps = stepsOf('s', main);
    const finallySteps = stepsOf('z', last);
    return fc.record({
      plan_id: fc.constant('p'),
      version: fc.constant('1.0'),
      globals: fc.constant(globals),
      steps: fc.shuffledSubarray(steps, { minLength: steps.length }),
      finally: fc.shuffledSubarray(finallySteps, { minLength: finallySteps.length }),
    });
  });

test('random plans with conditions, fallbacks and finally steps load, and their waves hold every step once, in order', () => {
  fc.assert(
    fc.property(plans, (source) => {
      const loaded = loadPlanText(stringify(source, { aliasDuplicateObjects: false }));
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.error, null, 2));
      const { plan, graph } = loaded.value;
      expect(checkPlan(source)).toEqual({ ok: true, value: { plan, warnings: [] } });
      expect(plan.steps.map((step) => step.id)).toEqual([...source.steps, ...source.finally].map((step) => step['id']));
      const waveOf = new Map(levels(graph).flatMap((wave, number) => wave.map((step) => [step, number] as const)));
      expect(waveOf.size).toBe(plan.steps.length);
      for (const [position, step] of plan.steps.entries()) {
        const fallback = graph.fallbacks[position];
        expect(fallback === undefined ? undefined : plan.steps[fallback]!.fallback_of).toBe(
          step.fallback_step && step.id,
        );
        const before = [
          ...graph.dependencies[position]!,
          ...(step.fallback_of === undefined ? [] : [graph.owners[position]!]),
        ];
        for (const each of before) {
          expect(waveOf.get(each)!).toBeLessThan(waveOf.get(position)!);
          expect(plan.steps[each]!.finally).toBe(step.finally);
        }
        const { condition } = stepConditions(step);
        expect(condition?.text).toBe(step.condition);
        for (const read of condition?.reads.prevSteps ?? []) {
          if (read.output !== undefined) expect(outputsRead(plan).get(read.step)).toContain(read.output);
        }
      }
    }),
    { numRuns: propertyRuns(50) },
  );
});
