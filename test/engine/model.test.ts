import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isEnd, type Program } from '../../src/engine/index.js';
import type { ApprovalAction, OnFailure, TriggerRule } from '../../src/plan/types.js';
import { drive, type Drive } from './drive.js';
import { programOf, type StepSketch } from './programs.js';

type Outcome = 'success' | 'warning' | 'failed';
type Verdict = 'start' | 'skip_if' | 'condition_false' | 'expression_error';

/** How an approval is asked for. */
type Asked = Pick<ApprovalAction, 'key' | 'policy'>;

interface Scenario {
  steps: Record<string, StepSketch>;
  outcomes: Record<string, Outcome>;
  verdicts: Record<string, Verdict>;
  cap: number;
  /** Picks which running step ends next, and when an operator acts. */
  choices: number[];
}

/** Random plans: each step may depend on any earlier one, be the fallback of an earlier one, or be a `finally` step. */
function scenarios(policies: readonly OnFailure[]): fc.Arbitrary<Scenario> {
  const step = fc.record({
    deps: fc.array(fc.nat(), { maxLength: 4 }),
    trigger_rule: fc.constantFrom<TriggerRule>('all_success', 'none_failed', 'all_done'),
    on_failure: fc.constantFrom(...policies),
    critical: fc.boolean(),
    kind: fc.constantFrom('run', 'run', 'run', 'run', 'noop', 'approval', 'fallback', 'fallback'),
    approval: fc.constantFrom<Asked>({}, {}, { key: 'k' }, { key: 'l' }, { policy: 'never' }),
    outcome: fc.constantFrom<Outcome>('success', 'success', 'warning', 'failed', 'failed'),
    verdict: fc.constantFrom<Verdict>(
      'start',
      'start',
      'start',
      'start',
      'start',
      'skip_if',
      'condition_false',
      'expression_error',
    ),
    owner: fc.nat(),
  });
  return fc
    .record({
      list: fc.array(step, { minLength: 1, maxLength: 22 }),
      finallyFrom: fc.integer({ min: 12, max: 26 }),
      cap: fc.integer({ min: 1, max: 6 }),
      choices: fc.array(fc.nat(), { minLength: 200, maxLength: 200 }),
    })
    .map(({ list, finallyFrom, cap, choices }) => {
      const steps: Record<string, StepSketch> = {};
      const outcomes: Record<string, Outcome> = {};
      const verdicts: Record<string, Verdict> = {};
      list.forEach(({ deps, kind, outcome, verdict, owner, approval, ...rest }, i) => {
        const last = i >= finallyFrom;
        const first = last ? finallyFrom : 0;
        const before = (n: number): string => `s${first + (n % (i - first))}`;
        const depends_on = i === first ? [] : [...new Set(deps.map(before))];
        const id = `s${i}`;
        steps[id] = { ...rest, finally: last, depends_on };
        if (kind === 'noop') steps[id].action = { type: 'noop' };
        if (kind === 'approval') steps[id].action = { ...APPROVAL, ...approval };
        if (kind === 'fallback' && i > first) {
          const own = steps[before(owner)]!;
          const isDependency = depends_on.includes(before(owner));
          if (own.fallback_step === undefined && !isDependency && own.action === undefined) own.fallback_step = id;
        }
        outcomes[id] =
          kind === 'noop' ? 'success' : kind === 'approval' ? answerOf(approval, outcome, list.length) : outcome;
        verdicts[id] = verdict;
      });
      return { steps, outcomes, verdicts, cap, choices };
    });
}

const APPROVAL: ApprovalAction = { type: 'approval', approvers: [], inputs: {}, default: 'reject' };

/** Approvals of one key have one answer, whichever of them is asked. */
function answerOf({ key, policy }: Asked, outcome: Outcome, length: number): Outcome {
  if (policy === 'never') return 'failed';
  if (key === undefined) return outcome === 'warning' ? 'failed' : outcome;
  return (length + (key === 'k' ? 1 : 0)) % 2 === 0 ? 'success' : 'failed';
}

/** A plan whose fallbacks would deadlock (one that depends on what waits for its owner) is refused at load. */
function isAcyclic({ steps }: Scenario): boolean {
  const fallbacksOf = (id: string): string[] => {
    const fallback = steps[id]!.fallback_step;
    return fallback === undefined ? [] : [fallback, ...fallbacksOf(fallback)];
  };
  const after = (id: string): string[] => [
    ...(steps[id]!.depends_on ?? []),
    // A fallback comes after its owner; what depends on the owner comes after the fallback, and that one's.
    ...Object.keys(steps).filter((owner) => steps[owner]!.fallback_step === id),
    ...(steps[id]!.depends_on ?? []).flatMap(fallbacksOf),
  ];
  const done = new Set<string>();
  const visit = (id: string, path: Set<string>): boolean => {
    if (done.has(id)) return true;
    if (path.has(id)) return false;
    path.add(id);
    const fine = after(id).every((other) => visit(other, path));
    path.delete(id);
    done.add(id);
    return fine;
  };
  return Object.keys(steps).every((id) => visit(id, new Set()));
}

function programFor(scenario: Scenario, globals: Parameters<typeof programOf>[2] = {}): Program {
  const program = programOf(scenario.steps, scenario.cap, globals);
  return {
    ...program,
    mayStart(_, step) {
      const verdict = scenario.verdicts[program.graph.ids[step]!]!;
      return verdict === 'start' ? { start: true } : { start: false, reason: verdict };
    },
  };
}

/**
 * The reference: the rules read aloud, with no queue, no counters and no order. Ends are looked up until nothing
 * changes. `forced` are steps that an operator took out.
 */
function model(scenario: Scenario, forced: Record<string, 'skipped' | 'canceled'>): Record<string, string> {
  const { steps, outcomes, verdicts } = scenario;
  const ends: Record<string, string> = {};
  const failed = (id: string): boolean => ends[id]!.startsWith('failed');
  const ran = (id: string): boolean => failed(id) || ends[id] === 'success' || ends[id] === 'warning';
  const fallbackOf = (id: string): string | undefined => steps[id]!.fallback_step;
  /** Whether others may hear of the end: a failure waits for its fallback. */
  const final = (id: string): boolean => {
    if (!(id in ends)) return false;
    const fallback = fallbackOf(id);
    return !failed(id) || fallback === undefined || final(fallback);
  };
  const standing = (id: string): 'ok' | 'skipped' | 'failed' => {
    const end = ends[id]!;
    if (failed(id)) {
      const fallback = fallbackOf(id);
      if (fallback !== undefined && ran(fallback)) return standing(fallback);
      return steps[id]!.on_failure === 'continue' ? 'ok' : 'failed';
    }
    if (end === 'skipped:dependency_failed' || end === 'canceled:operator') return 'failed';
    return end === 'skipped:dependency_skipped' || end === 'skipped:condition_false' ? 'skipped' : 'ok';
  };
  const endOf = (id: string): string | undefined => {
    const end = plainEndOf(id);
    return end?.startsWith('failed') && steps[id]!.on_failure === 'skip' ? 'skipped:failure_allowed' : end;
  };
  const plainEndOf = (id: string): string | undefined => {
    const step = steps[id]!;
    if (id in forced) return forced[id] === 'skipped' ? 'skipped:operator' : 'canceled:operator';
    const owner = Object.keys(steps).find((other) => fallbackOf(other) === id);
    if (owner !== undefined) {
      if (!(owner in ends)) return undefined;
      if (!failed(owner)) return 'skipped:not_needed';
    }
    if (step.finally && !Object.keys(steps).every((other) => steps[other]!.finally || final(other))) return undefined;
    const deps = step.depends_on ?? [];
    if (!deps.every(final)) return undefined;
    const seen = deps.map(standing);
    const rule = step.trigger_rule!;
    const refused =
      rule !== 'all_done' && (seen.includes('failed') || (rule === 'all_success' && seen.includes('skipped')));
    if (refused) return seen.includes('failed') ? 'skipped:dependency_failed' : 'skipped:dependency_skipped';
    const verdict = verdicts[id]!;
    if (verdict === 'expression_error') return 'failed:expression_error';
    if (verdict !== 'start') return `skipped:${verdict}`;
    if (outcomes[id] !== 'failed') return outcomes[id];
    return step.action?.type === 'approval' ? 'failed:rejected' : 'failed:exit_non_zero';
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const id of Object.keys(steps)) {
      const end = id in ends ? undefined : endOf(id);
      if (end === undefined) continue;
      ends[id] = end;
      changed = true;
    }
  }
  return ends;
}

/** Whether a failure was made up for by its fallback, or by that one's. */
function recovered(scenario: Scenario, ends: Record<string, string>, id: string): boolean {
  const fallback = scenario.steps[id]!.fallback_step;
  if (fallback === undefined) return false;
  return (
    ends[fallback] === 'success' ||
    ends[fallback] === 'warning' ||
    (ends[fallback]!.startsWith('failed') && recovered(scenario, ends, fallback))
  );
}

function outcomeOf(scenario: Scenario, ends: Record<string, string>): string {
  const broken = Object.entries(ends).some(
    ([id, end]) =>
      scenario.steps[id]!.critical &&
      (end === 'canceled:operator' || (end.startsWith('failed') && !recovered(scenario, ends, id))),
  );
  return broken ? 'failed' : 'succeeded';
}

function checkAlways(run: Drive, scenario: Scenario): void {
  expect(run.state.running).toBeLessThanOrEqual(scenario.cap);
  expect(new Set(run.started).size).toBe(run.started.length);
  const counted: Record<string, number> = {};
  for (const step of run.state.steps) counted[step.status] = (counted[step.status] ?? 0) + 1;
  for (const [status, count] of Object.entries(run.state.counts)) expect(counted[status] ?? 0).toBe(count);
}

function endNext(run: Drive, scenario: Scenario, choice: number): void {
  const next = run.running[choice % run.running.length];
  if (next === undefined) throw new Error('a deadlock: nothing runs, and the run has not ended');
  const outcome = scenario.outcomes[next]!;
  if (scenario.steps[next]!.action?.type !== 'approval') run.end(next, outcome);
  else run.decide(next, outcome === 'failed' ? 'reject' : 'approve');
}

test('without abort, every order of ends gives the ends that the rules say', () => {
  fc.assert(
    fc.property(scenarios(['skip_dependents', 'continue', 'skip']), fc.boolean(), (scenario, operator) => {
      fc.pre(isAcyclic(scenario));
      const run = drive(programFor(scenario));
      const forced: Record<string, 'skipped' | 'canceled'> = {};
      const ids = Object.keys(scenario.steps);
      for (let turn = 0; run.finished === undefined; turn += 1) {
        const choice = scenario.choices[turn % scenario.choices.length]!;
        const target = ids[choice % ids.length]!;
        if (operator && choice % 7 === 0 && run.skip(target) === undefined) forced[target] = 'skipped';
        else if (operator && choice % 7 === 1 && run.cancelStep(target) === undefined) forced[target] = 'canceled';
        else if (operator && choice % 7 === 2 && run.pause() === undefined) run.resume();
        checkAlways(run, scenario);
        if (run.finished === undefined) endNext(run, scenario, choice);
      }
      const expected = model(scenario, forced);
      expect(run.statuses()).toEqual(expected);
      expect(run.finished).toBe(outcomeOf(scenario, expected));
    }),
    { numRuns: 2000 },
  );
});

test('with any policy, and cancels at any time, a run ends, and every step of it has an end', () => {
  fc.assert(
    fc.property(
      scenarios(['abort', 'skip_dependents', 'continue', 'skip']),
      fc.option(fc.nat(40)),
      fc.boolean(),
      (scenario, cancelAt, force) => {
        fc.pre(isAcyclic(scenario));
        const run = drive(programFor(scenario));
        let startedAtStop: number | undefined;
        const mainStarted = (): number => run.started.filter((id) => !scenario.steps[id]!.finally).length;
        for (let turn = 0; run.finished === undefined; turn += 1) {
          if (turn === cancelAt) run.cancel(force);
          if (run.state.stop !== undefined) startedAtStop ??= mainStarted();
          checkAlways(run, scenario);
          if (run.finished === undefined) endNext(run, scenario, scenario.choices[turn % scenario.choices.length]!);
        }
        expect(run.state.steps.every((step) => isEnd(step.status) && step.standing !== undefined)).toBe(true);
        if (startedAtStop !== undefined) expect(mainStarted()).toBe(startedAtStop);
        if (run.state.stop === 'run_canceled') expect(run.finished).toBe('canceled');
      },
    ),
    { numRuns: 2000 },
  );
});

test('in a quarantine nothing is lost: whatever the person decides, every step has an end', () => {
  fc.assert(
    fc.property(scenarios(['abort', 'skip_dependents', 'continue', 'skip']), (scenario) => {
      fc.pre(isAcyclic(scenario));
      const run = drive(programFor(scenario, { on_abort: 'quarantine' }));
      const retried = new Set<string>();
      for (let turn = 0; run.finished === undefined; turn += 1) {
        const choice = scenario.choices[turn % scenario.choices.length]!;
        const held = run.state.held[0];
        if (run.running.length > 0) {
          const next = run.running[choice % run.running.length]!;
          if (retried.has(next) && scenario.steps[next]!.action?.type !== 'approval') run.end(next, 'success');
          else endNext(run, scenario, choice);
        } else if (held === undefined) {
          throw new Error('a deadlock: nothing runs, nothing is held, and the run has not ended');
        } else {
          expect(run.state.status).toBe('quarantined');
          const id = Object.keys(scenario.steps)[held]!;
          const retry = choice % 3 === 0 && !retried.has(id) ? run.retry(id) : 'not tried';
          if (retry === undefined) {
            retried.add(id);
            scenario.verdicts[id] = 'start';
          } else if (choice % 3 === 1) expect(run.skip(id)).toBeUndefined();
          else if (choice % 17 === 2) run.cancel();
          else expect(run.resume()).toBeUndefined();
        }
      }
      expect(run.state.steps.every((step) => isEnd(step.status) && step.standing !== undefined)).toBe(true);
      const counted = run.state.steps.filter((step) => step.status === 'failed').length;
      expect(run.state.counts.failed).toBe(counted);
    }),
    { numRuns: 2000 },
  );
});
