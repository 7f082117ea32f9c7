import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineEvent, FailedAttempt, Program, RunState, StepReport } from '../../../src/engine/index.js';
import {
  createFold,
  manifestOf,
  runEventSchema,
  manifestSchema,
  type RunAbout,
  type RunEvent,
} from '../../../src/journal/index.js';
import type { OnFailure, TriggerRule } from '../../../src/plan/model/plan.js';
import { Recorder } from '../../../src/workflows/record/recorder.js';
import { drive, type Drive } from '../../engine/drive.js';
import { programOf, type StepSketch } from '../../engine/programs.js';
import { propertyRuns } from '../../support/property-runs.js';
import { runAbout } from '../../support/run-about.js';

function aboutOf({ plan }: Program): RunAbout {
  return runAbout({
    plan_id: plan.plan_id,
    created_at: new Date(0).toISOString(),
    steps: plan.steps.map((step) => ({
      id: step.id,
      name: step.name,
      kind: step.action.type,
      depends_on: step.depends_on,
      fallback_of: step.fallback_of ?? null,
      finally: step.finally,
      foreach: step.foreach !== undefined,
    })),
  });
}

/** A run by hand, with its recorder. */
function record(program: Program): { run: Drive; events: readonly RunEvent[]; batches: RunEvent[][] } {
  const batches: RunEvent[][] = [];
  const recorder = new Recorder(program, (fresh) => void batches.push([...fresh]));
  const observe = (state: RunState, event?: EngineEvent, before?: RunState['status']): void => {
    if (event !== undefined) recorder.took(event, before!, state);
    else recorder.began({ run_id: 'r', plan_id: 'p', plan_digest: '', steps: 0, created_at: '' }, state);
  };
  return { run: drive(program, {}, observe), events: recorder.events, batches };
}

const types = (events: readonly RunEvent[]): string[] =>
  events.map((event) => ('step' in event ? `${event.type} ${event.step}` : event.type));

interface Scenario {
  steps: Record<string, StepSketch>;
  quarantine: boolean;
  choices: number[];
}
const scenarios: fc.Arbitrary<Scenario> = fc
  .record({
    list: fc.array(
      fc.record({
        deps: fc.array(fc.nat(), { maxLength: 3 }),
        trigger_rule: fc.constantFrom<TriggerRule>('all_success', 'none_failed', 'all_done'),
        on_failure: fc.constantFrom<OnFailure>('abort', 'skip_dependents', 'continue'),
        critical: fc.boolean(),
        kind: fc.constantFrom('run', 'run', 'run', 'noop', 'approval', 'fallback'),
        owner: fc.nat(),
      }),
      { minLength: 1, maxLength: 14 },
    ),
    quarantine: fc.boolean(),
    choices: fc.array(fc.nat(), { minLength: 120, maxLength: 120 }),
  })
  .map(({ list, quarantine, choices }) => {
    const steps: Record<string, StepSketch> = {};
    list.forEach(({ deps, kind, owner, ...rest }, i) => {
      const id = `s${i}`;
      steps[id] = { ...rest, depends_on: i === 0 ? [] : [...new Set(deps.map((n) => `s${n % i}`))] };
      if (kind === 'noop') steps[id].action = { type: 'noop' };
      if (kind === 'approval') steps[id].action = { type: 'approval', approvers: [], inputs: {}, default: 'reject' };
      const owned = `s${owner % Math.max(i, 1)}`;
      if (kind === 'fallback' && i > 0 && steps[owned]!.fallback_step === undefined) {
        steps[owned]!.fallback_step = id;
        steps[id].depends_on = [];
      }
    });
    return { steps, quarantine, choices };
  });

/** Ends what runs in a random order, with operators who do random things in between. */
function play(run: Drive, ids: readonly string[], choices: readonly number[]): void {
  for (const choice of choices) {
    if (run.finished !== undefined) return;
    const id = ids[choice % ids.length]!;
    const kind = (choice >> 4) % 16;
    if (kind === 0) run.pause();
    else if (kind === 1) run.resume();
    else if (kind === 2) run.skip(id, choice % 3 === 0);
    else if (kind === 3) run.cancelStep(id);
    else if (kind === 4) run.retry(id);
    else if (kind === 5 && choice % 5 === 0) run.cancel();
    else if (run.running.length > 0) {
      const one = run.running[choice % run.running.length]!;
      const ends = ['success', 'failed', 'success', 'warning'] as const;
      run.end(one, ends[(choice >> 8) % 4]);
    } else if (run.state.paused || run.state.held.length > 0) run.resume();
  }
}

test('whatever happens, the manifest made of the events says what the engine knows; numbers have no gap', () => {
  fc.assert(
    fc.property(scenarios, ({ steps, quarantine, choices }) => {
      const program = programOf(steps, 3, quarantine ? { on_abort: 'quarantine' } : {});
      const { run, events, batches } = record(program);
      const about = aboutOf(program);
      const live = createFold(about);
      const seen = (): void => {
        for (const batch of batches.splice(0)) for (const event of batch) live.apply(event);
        expect(live.manifest).toEqual(manifestOf(about, events));
        expect(live.manifest.status).toBe(run.state.status);
        expect(live.manifest.steps.map((step) => [step.status, step.reason, step.recovered])).toEqual(
          run.state.steps.map((step) => [
            step.status,
            step.reason ?? step.report?.reason ?? null,
            step.recovered === true,
          ]),
        );
      };
      seen();
      for (const choice of choices) {
        play(run, Object.keys(steps), [choice]);
        seen();
      }
      expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1));
      for (const event of events) expect(runEventSchema.parse(event)).toEqual(event);
      expect(manifestSchema.parse(live.manifest)).toEqual(live.manifest);
      if (run.finished !== undefined) expect(events.at(-1)?.type).toBe('run-finished');
    }),
    { numRuns: propertyRuns(40) },
  );
});

test('the events of a quarantine that is decided by a retry', () => {
  const program = programOf({ a: {}, b: { depends_on: ['a'] } }, 8, { on_abort: 'quarantine' });
  const { run, events } = record(program);
  run.end('a', 'failed');
  run.retry('a');
  run.end('a');
  run.pause();
  run.resume();
  run.end('b', 'warning');
  expect(types(events)).toEqual([
    'run-created',
    'run-started',
    'step-started a',
    'step-attempt-failed a',
    'step-failed a',
    'run-quarantined',
    'run-resumed',
    'step-reopened a',
    'step-started a',
    'step-succeeded a',
    'step-started b',
    'run-paused',
    'run-resumed',
    'step-succeeded b',
    'run-finished',
  ]);
});

test('nothing is recorded after the end of a run', () => {
  const program = programOf({ a: {} });
  const batches: RunEvent[] = [];
  const recorder = new Recorder(program, (fresh) => void batches.push(...fresh));
  const run = drive(program, {}, (state, event, before) => {
    if (event === undefined)
      recorder.began({ run_id: 'r', plan_id: 'p', plan_digest: '', steps: 1, created_at: '' }, state);
    else recorder.took(event, before!, state);
  });
  run.end('a');
  recorder.asked({ verb: 'pause', via: 'signal', given: {}, refusal: 'the run has ended: succeeded' }, 9);
  expect(batches.at(-1)).toMatchObject({ type: 'run-finished', status: 'succeeded', warnings: 0 });
});

const failed = (attempt: number): FailedAttempt => ({
  attempt,
  started_at: attempt * 1000,
  finished_at: attempt * 1000 + 500,
  reason: 'exit_non_zero',
  message: 'ExitError: exited with code 1',
  exit_code: 1,
  log_dir: `/state/runs/r/steps/a/${attempt}`,
});

test('failed attempts come with the end of their step, each followed by its retry', () => {
  const program = programOf({ a: {} });
  const recorder = new Recorder(program, () => {});
  const end = (report: StepReport): RunEvent[] => {
    const from = recorder.events.length;
    recorder.instance(0, 0, 9000, report);
    return recorder.events.slice(from);
  };
  const base = { attempts: 3, log_dir: '/state/runs/r/steps/a/3', attempt: 3, started_at: 3000, finished_at: 3500 };
  const won = end({ ...base, status: 'success', exit_code: 0, failed_attempts: [failed(1), failed(2)] });
  expect(won.map((event) => [event.type, 'attempt' in event ? event.attempt : undefined])).toEqual([
    ['step-attempt-failed', 1],
    ['step-retry', 2],
    ['step-attempt-failed', 2],
    ['step-retry', 3],
    ['step-succeeded', expect.objectContaining({ attempt: 3, log_dir: 'steps/a/3', exit_code: 0 })],
  ]);
  const lost = end({
    ...base,
    status: 'failed',
    reason: 'timeout',
    failed_attempts: [failed(1), failed(2), failed(3)],
  });
  expect(lost.map((event) => event.type)).toEqual([
    'step-attempt-failed',
    'step-retry',
    'step-attempt-failed',
    'step-retry',
    'step-attempt-failed',
    'step-timed-out',
  ]);
});
