import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { EngineEvent } from '../../../src/engine/index.js';
import { HandRun, success, taskOf } from '../../support/hand-run.js';
import { stepFailed, type Asked } from '../../support/hand-temporal.js';
import { propertyRuns } from '../../support/property-runs.js';
import { agent, allow, breaks, facts, says, turn } from './turns.js';

const NOW = 1_000_000;
beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: NOW }));
afterEach(() => vi.useRealTimers());

/** Steps that have everything which keeps a state between two turns. */
const STEPS = [
  agent(
    {
      verify: [{ run: 'one' }, { run: 'two' }],
      review: { agent: 'claude' },
      max_fix_rounds: 1,
      budget: { tokens: 300 },
      fallback_agents: ['gemini'],
    },
    { retries: 2, retry_delay_sec: 5 },
  ),
  agent({ agent: 'claude', answer_timeout_sec: 60 }, { id: 'b', retries: 1, retry_delay_sec: 0 }),
  agent({ context: true, session: { from: 'a' } }, { id: 'c', depends_on: ['a'] }),
  { id: 'd', command: 'make', locks: ['l'] },
];
const EACH = agent({ verify: [{ run: 'each' }] }, { id: 'e', foreach: ['x', 'y'], retries: 1, retry_delay_sec: 5 });
/** With few slots those that wait for one; with a list, whose instances ask for theirs in another order after a change, none. */
const PLANS = [
  { steps: STEPS, slots: 2 },
  { steps: [...STEPS, EACH], slots: 9 },
];
const IDS = ['a', 'b', 'c', 'd', 'e'];

/**
 * What was asked for, without when that was: a timer is known by when it is due. What others have spent meanwhile a turn that
 * is asked for again may not spend any more.
 */
function nameOf({ name, args, at }: Asked): string {
  if (name === 'timer') return `timer ${at + (args[0] as number)}`;
  if (name !== 'runStep') return `${name} ${JSON.stringify(args)}`;
  const { carried, ...task } = taskOf({ args } as Asked);
  return `${name} ${JSON.stringify([{ ...task, action: { ...task.action, limits: {} } }, carried?.host])}`;
}

function asked(run: HandRun): string[] {
  return run.temporal.open.map(nameOf).sort();
}

/** What is known of the steps, but for what only the record keeps of those that have ended. */
function standing(run: HandRun): unknown[] {
  return run.state.steps.map(({ status, park, warning, report }, i) => {
    const id = IDS[i];
    const { reason, message, attempts, agent: summary, outputs } = report ?? {};
    return { id, status, park, warning, reason, message, attempts, summary, outputs };
  });
}

/** Something that may happen now, to whatever run it is given. */
type Happening = (run: HandRun) => Promise<void>;

function happenings(run: HandRun): Happening[] {
  const asks = run.temporal.open.flatMap((each) => endsOf(each).map((end) => endOf(nameOf(each), end)));
  return [...asks, ...run.state.steps.flatMap((_, step) => wordsFor(run, step))];
}

function endOf(name: string, end: (ask: Asked) => Promise<void>): Happening {
  return (run) => end(run.temporal.open.find((each) => nameOf(each) === name)!);
}

function wordsFor(run: HandRun, step: number): Happening[] {
  const { park } = run.state.steps[step]!;
  if (park?.told || park?.ready || (park?.why !== 'question' && park?.why !== 'escalated')) return [];
  const at = Date.now();
  const said: EngineEvent[] = [
    { type: 'answer', step, text: 'blue', by: 'ann', at },
    { type: 'decide', step, decision: 'approve', by: 'bob', at },
    { type: 'retry', step, at },
  ];
  return said.map((event) => (to) => to.hears(event));
}

const ends = (more: object) => (it: Asked) => it.ends(success({ turn: facts({ tokens: 40, ...more }) }));

const breaking = (reason: string, more: object) => (it: Asked) =>
  it.fails(stepFailed(reason, { reason, turn: facts({ message: '', ...more }) }));

function endsOf(ask: Asked): ((ask: Asked) => Promise<void>)[] {
  if (ask.name === 'askAccount') {
    const told = 'hit' in (ask.args[0] as object);
    return [0, ...(told ? [] : [Date.now() + 60_000])].map((start_at) => (it) => it.ends({ start_at }));
  }
  if (ask.name !== 'runStep') return [(it) => it.ends({ granted: true })];
  if (taskOf(ask).action.type !== 'agent') {
    return [
      (it) => it.ends(success()),
      (it) => it.fails(stepFailed('code 2', { reason: 'exit_non_zero', stderr_tail: 'no' })),
      (it) => it.fails(stepFailed('lost', { reason: 'lost' })),
    ];
  }
  return [
    ends({ verdict: 'pass', session_id: 's', worktree: '/tree', tree: 't' }),
    ends({ verdict: 'pass', cost_usd: 0.5 }),
    ends({ verdict: 'question', message: 'blue or red?', session_id: 'q' }),
    breaking('verdict', { verdict: 'fail', note: 'half' }),
    breaking('exit_non_zero', { failure: { kind: 'other' } }),
    breaking('quota', { failure: { kind: 'quota', reset_at: 5 } }),
    breaking('session', { failure: { kind: 'session' } }),
    (it) => it.fails(stepFailed('lost', { reason: 'lost' })),
  ];
}

test('an answer, and the turn of a step for a slot, go along where both came just before the change', async () => {
  const other = { id: 'other', command: 'make' };
  const run = await HandRun.of([agent({ answer_timeout_sec: 60 }), other], { globals: { max_concurrency: 1 } });
  await allow(run);
  await says(run, { verdict: 'question', message: 'blue or red?', session_id: 's' });
  let next = await run.goOn();
  expect(next.temporal.the('timer').args).toEqual([60_000]);
  await next.hears({ type: 'answer', step: 0, text: 'red', by: 'ann', at: NOW });
  next = await next.goOn();
  // The other step has the slot, and nobody is asked again.
  expect(next.temporal.waiting()).toEqual(['runStep']);
  expect(next.step('a').park).toMatchObject({ told: true, ready: true });
  await next.temporal.the('runStep').ends({ status: 'success', attempts: 1 });
  next = await next.goOn().catch(() => next);
  await allow(next);
  expect(turn(next)).toMatchObject({ session: 's', prompt: { again: { kind: 'answer', text: 'red' } } });
});

test('a step that is tried again by hand counts its turns on, and its run what they cost', async () => {
  const globals = { on_abort: 'quarantine', budget: { tokens: 100 } };
  const run = await HandRun.of([agent()], { globals });
  await allow(run);
  await breaks(run, 'verdict', { verdict: 'fail', tokens: 60 });
  expect(run.step('a').status).toBe('failed');
  const next = await run.goOn();
  await next.hears({ type: 'retry', step: 0, at: NOW });
  await allow(next);
  // The folder of its first turn has another end.
  expect(taskOf(next.temporal.the('runStep'))).toMatchObject({ step_id: 'a', attempts_before: 1 });
  expect(turn(next).limits).toEqual({ tokens: 40 });
});

test('what has a slot keeps it in a new history, whatever waited for one there', async () => {
  const list = agent({}, { id: 'b', foreach: ['x', 'y', 'z'] });
  const run = await HandRun.of(
    [{ id: 'queued', command: 'make', depends_on: ['first'] }, list, { id: 'first', command: 'make' }],
    {
      globals: { max_concurrency: 2 },
    },
  );
  expect(run.temporal.waiting()).toEqual(['askAccount', 'askAccount']);
  await allow(run);
  await allow(run);
  const next = await run.goOn();
  expect(next.temporal.open.map((each) => taskOf(each).step_id)).toEqual(['b[0]', 'b[1]']);
});

test.each(PLANS)(
  'property: with $slots slots a run that changes its history at every rest of its agents asks for the same and ends the same',
  async ({ steps, slots }) => {
    const globals = { max_concurrency: slots, max_lost: 2, budget: { tokens: 700 } };
    let changes = 0;
    const choices = fc.array(fc.nat({ max: 1_000 }), { minLength: 40, maxLength: 70 });
    await fc.assert(
      fc.asyncProperty(choices, async (numbers) => {
        const stays = await HandRun.of(steps, { globals });
        let goes = await HandRun.of(steps, { globals });
        for (const [i, number] of numbers.entries()) {
          vi.setSystemTime(NOW + i);
          const all = happenings(stays);
          if (all.length === 0) break;
          const happening = all[number % all.length]!;
          await happening(stays);
          await happening(goes);
          if (goes.goes) {
            goes = await goes.goOn();
            changes += 1;
          }
          expect(asked(goes)).toEqual(asked(stays));
          expect(standing(goes)).toEqual(standing(stays));
        }
      }),
      { numRuns: propertyRuns(30) },
    );
    expect(changes).toBeGreaterThan(30);
  },
);
