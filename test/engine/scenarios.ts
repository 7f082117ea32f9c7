import fc from 'fast-check';
import type { Program } from '../../src/engine/index.js';
import type { ApprovalAction, OnFailure, TriggerRule } from '../../src/plan/model/plan.js';
import { AGENT, programOf, type StepSketch } from './programs.js';

type Outcome = 'success' | 'warning' | 'failed';
type Verdict = 'start' | 'skip_if' | 'condition_false' | 'expression_error';

/** How an approval is asked for. */
type Asked = Pick<ApprovalAction, 'key' | 'policy'>;

/** A random plan, and how its steps end. */
export interface Scenario {
  steps: Record<string, StepSketch>;
  outcomes: Record<string, Outcome>;
  verdicts: Record<string, Verdict>;
  /** How often agents wait without a slot. */
  parks: Record<string, number>;
  cap: number;
  /** Picks which running step ends next, and when an operator acts. */
  choices: number[];
}

/** Random plans: each step may depend on any earlier one, be the fallback of an earlier one, or be a `finally` step. */
export function scenarios(policies: readonly OnFailure[]): fc.Arbitrary<Scenario> {
  const step = fc.record({
    deps: fc.array(fc.nat(), { maxLength: 4 }),
    trigger_rule: fc.constantFrom<TriggerRule>('all_success', 'none_failed', 'all_done'),
    on_failure: fc.constantFrom(...policies),
    critical: fc.boolean(),
    kind: fc.constantFrom('run', 'run', 'run', 'run', 'noop', 'approval', 'fallback', 'fallback', 'agent', 'agent'),
    parks: fc.nat(3),
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
      const parksOf: Record<string, number> = {};
      list.forEach(({ deps, kind, outcome, verdict, owner, approval, parks, ...rest }, i) => {
        const last = i >= finallyFrom;
        const first = last ? finallyFrom : 0;
        const before = (n: number): string => `s${first + (n % (i - first))}`;
        const depends_on = i === first ? [] : [...new Set(deps.map(before))];
        const id = `s${i}`;
        steps[id] = { ...rest, finally: last, depends_on };
        if (kind === 'noop') steps[id].action = { type: 'noop' };
        if (kind === 'approval') steps[id].action = { ...APPROVAL, ...approval };
        if (kind === 'agent') steps[id].action = AGENT;
        parksOf[id] = kind === 'agent' ? parks : 0;
        if (kind === 'fallback' && i > first) {
          const own = steps[before(owner)]!;
          const isDependency = depends_on.includes(before(owner));
          if (
            own.fallback_step === undefined &&
            !isDependency &&
            own.action?.type !== 'noop' &&
            own.action?.type !== 'approval'
          )
            own.fallback_step = id;
        }
        outcomes[id] =
          kind === 'noop' ? 'success' : kind === 'approval' ? answerOf(approval, outcome, list.length) : outcome;
        verdicts[id] = verdict;
      });
      return { steps, outcomes, verdicts, parks: parksOf, cap, choices };
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
export function isAcyclic({ steps }: Scenario): boolean {
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

/** The program of a scenario. */
export function programFor(scenario: Scenario, globals: Parameters<typeof programOf>[2] = {}): Program {
  const program = programOf(scenario.steps, scenario.cap, globals);
  return {
    ...program,
    mayStart(_, step) {
      const verdict = scenario.verdicts[program.graph.ids[step]!]!;
      return verdict === 'start' ? { start: true } : { start: false, reason: verdict };
    },
  };
}
