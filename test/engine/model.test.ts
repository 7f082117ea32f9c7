import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isEnd } from '../../src/engine/index.js';
import { drive, type Drive } from './drive.js';
import { canMove, moveParked, WHYS } from './parks.js';
import { isAcyclic, programFor, scenarios, type Scenario } from './scenarios.js';
import { propertyRuns } from '../support/property-runs.js';

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

/** Each rule is held twice: for a run as it is, and for one that goes on in a new history after each event. */
const WAYS = [
  ['', false, 400],
  [', also where it goes on in a new history after each event', true, 150],
] as const;

function checkAlways(run: Drive, scenario: Scenario): void {
  const { state } = run;
  expect(state.running).toBeLessThanOrEqual(scenario.cap);
  expect(state.running).toBe(state.counts.running);
  const parked = Object.keys(scenario.steps).filter((_, i) => state.steps[i]!.park !== undefined);
  expect(parked.toSorted()).toEqual([...run.parked.keys()].toSorted());
  // Whoever has begun goes before those that have not, and nobody waits for a slot that is there.
  const held = state.paused || state.held.length > 0;
  const wanting = [...run.parked].filter(([id, { ready }]) => ready && !run.stopping.includes(id));
  if (wanting.length > 0 && !held) expect(state.running).toBe(scenario.cap);
  const counted: Record<string, number> = {};
  for (const step of run.state.steps) counted[step.status] = (counted[step.status] ?? 0) + 1;
  for (const [status, count] of Object.entries(run.state.counts)) expect(counted[status] ?? 0).toBe(count);
}

/** What can go on: steps that run, and parked ones whose wait may be over. */
function movable(run: Drive): string[] {
  return [...run.running, ...[...run.parked.keys()].filter((id) => canMove(run, id))];
}

/** @param parks how often each may still be parked */
function goOn(run: Drive, scenario: Scenario, parks: Record<string, number>, choice: number): void {
  const able = movable(run);
  const next = able[choice % able.length];
  if (next === undefined) throw new Error('a deadlock: nothing runs, and the run has not ended');
  if (run.parked.has(next)) moveParked(run, next, choice);
  else if (parks[next]! > 0) {
    parks[next]! -= 1;
    run.park(next, WHYS[choice % WHYS.length]!);
  } else endNext(run, scenario, next);
}

function endNext(run: Drive, scenario: Scenario, next: string): void {
  const outcome = scenario.outcomes[next]!;
  if (scenario.steps[next]!.action?.type !== 'approval') run.end(next, outcome);
  else run.decide(next, outcome === 'failed' ? 'reject' : 'approve');
}

test.each(WAYS)('without abort, every order of ends gives the ends that the rules say%s', (_, travels, runs) => {
  fc.assert(
    fc.property(scenarios(['skip_dependents', 'continue', 'skip']), fc.boolean(), (scenario, operator) => {
      fc.pre(isAcyclic(scenario));
      const run = drive(programFor(scenario), {}, undefined, travels);
      const forced: Record<string, 'skipped' | 'canceled'> = {};
      const ids = Object.keys(scenario.steps);
      const parks = { ...scenario.parks };
      for (let turn = 0; run.finished === undefined; turn += 1) {
        const choice = scenario.choices[turn % scenario.choices.length]!;
        const target = ids[choice % ids.length]!;
        if (operator && choice % 7 === 0 && run.skip(target) === undefined) forced[target] = 'skipped';
        else if (operator && choice % 7 === 1 && run.cancelStep(target) === undefined) forced[target] = 'canceled';
        else if (operator && choice % 7 === 2 && run.pause() !== undefined) run.resume();
        if (movable(run).length === 0) run.resume();
        checkAlways(run, scenario);
        expect(new Set(run.started).size).toBe(run.started.length);
        if (run.finished === undefined) goOn(run, scenario, parks, choice);
      }
      const expected = model(scenario, forced);
      expect(run.statuses()).toEqual(expected);
      expect(run.finished).toBe(outcomeOf(scenario, expected));
    }),
    { numRuns: propertyRuns(runs) },
  );
});

test.each(WAYS)(
  'with any policy, and cancels at any time, a run ends, and every step of it has an end%s',
  (_, travels, runs) => {
    fc.assert(
      fc.property(
        scenarios(['abort', 'skip_dependents', 'continue', 'skip']),
        fc.option(fc.nat(40)),
        fc.boolean(),
        (scenario, cancelAt, force) => {
          fc.pre(isAcyclic(scenario));
          const run = drive(programFor(scenario), {}, undefined, travels);
          const parks = { ...scenario.parks };
          let startedAtStop: number | undefined;
          const mainStarted = (): number => run.started.filter((id) => !scenario.steps[id]!.finally).length;
          for (let turn = 0; run.finished === undefined; turn += 1) {
            if (turn === cancelAt) run.cancel(force);
            if (run.state.stop !== undefined) startedAtStop ??= mainStarted();
            checkAlways(run, scenario);
            expect(new Set(run.started).size).toBe(run.started.length);
            if (run.finished === undefined)
              goOn(run, scenario, parks, scenario.choices[turn % scenario.choices.length]!);
          }
          expect(run.parked.size).toBe(0);
          expect(run.state.steps.every((step) => isEnd(step.status) && step.standing !== undefined)).toBe(true);
          if (startedAtStop !== undefined) expect(mainStarted()).toBe(startedAtStop);
          if (run.state.stop === 'run_canceled') expect(run.finished).toBe('canceled');
        },
      ),
      { numRuns: propertyRuns(runs) },
    );
  },
);

test.each(WAYS)(
  'in a quarantine nothing is lost: whatever the person decides, every step has an end%s',
  (_, travels, runs) => {
    fc.assert(
      fc.property(scenarios(['abort', 'skip_dependents', 'continue', 'skip']), (scenario) => {
        fc.pre(isAcyclic(scenario));
        const run = drive(programFor(scenario, { on_abort: 'quarantine' }), {}, undefined, travels);
        const retried = new Set<string>();
        const parks = { ...scenario.parks };
        for (let turn = 0; run.finished === undefined; turn += 1) {
          const choice = scenario.choices[turn % scenario.choices.length]!;
          const held = run.state.held[0];
          const able = movable(run);
          checkAlways(run, scenario);
          if (able.length > 0) {
            const next = able[choice % able.length]!;
            const again = retried.has(next) && scenario.steps[next]!.action?.type !== 'approval';
            if (again && run.running.includes(next)) run.end(next, 'success');
            else goOn(run, scenario, parks, choice);
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
      { numRuns: propertyRuns(runs) },
    );
  },
);
