import { expect, test, vi } from 'vitest';
import { withFailure } from '../../src/activities/step/attempt-record.js';
import { runJsonSchema, stepJson } from '../../src/cli/render/run-json.js';
import type * as Names from '../../src/contract/step-facts.js';
import { EXECUTION_FACTS, knownFacts, RESULT_FACTS } from '../../src/contract/step-facts.js';
import type * as Shapes from '../../src/contract/step-result.js';
import { executionFacts, resultFacts, type StepReport } from '../../src/contract/step-result.js';
import { createState } from '../../src/engine/state.js';
import { manifestOf, manifestSchema, runEventSchema, type RunAbout, type RunEvent } from '../../src/journal/index.js';
import { attemptEvents, endEvent } from '../../src/workflows/record/step-events.js';
import { progressView } from '../../src/workflows/run/views.js';
import { programOf } from '../engine/programs.js';

// One more fact of each kind, as if the two files had it; nothing else knows of them.
vi.mock('../../src/contract/step-facts.js', async (original) => {
  const real = await original<typeof Names>();
  const { EXECUTION_FACTS: execution, RESULT_FACTS: result } = real;
  return { ...real, EXECUTION_FACTS: [...execution, 'cpu_sec'], RESULT_FACTS: [...result, 'artifacts'] };
});
vi.mock('../../src/contract/step-result.js', async (original) => {
  const { z } = await import('zod');
  const real = await original<typeof Shapes>();
  return {
    ...real,
    executionFacts: { ...real.executionFacts, cpu_sec: z.number() },
    resultFacts: { ...real.resultFacts, artifacts: z.array(z.string()) },
  };
});

const agent = { name: 'codex', turns: 1, fix_rounds: 0, tokens: 7, wall_sec: 2 };
const facts = { exit_code: 3, signal: 'SIGTERM', host: 'h', log_dir: '/state/runs/r/steps/a/1', cpu_sec: 1.5 };
const attempt = { attempt: 1, started_at: 1000, finished_at: 2000, reason: 'exit_non_zero', message: 'no', ...facts };
const report = {
  status: 'failed',
  ...attempt,
  attempts: 1,
  stdout_tail: 'out',
  stderr_tail: '',
  outputs: { size: 1 },
  agent,
  artifacts: ['x.tar'],
  failed_attempts: [attempt],
} as StepReport;
const step = { id: 'a', name: 'a', kind: 'command', depends_on: [], fallback_of: null, finally: false, foreach: false };

/** The end of a step as its run tells of it. */
function eventsOf(ended: StepReport): RunEvent[] {
  const about = { step: 'a' };
  const bodies = [...attemptEvents(about, ended), endEvent(about, { status: ended.status, report: ended }, true)];
  return bodies.map((body, i): RunEvent => ({ v: 1, seq: i + 1, time: '1970-01-01T00:00:02.000Z', ...body }));
}

test('a fact that is added to the end of a step is in its events and in the manifest, and in their schemas', () => {
  const events = eventsOf(report);
  const { started_at: _, finished_at: __, ...rest } = attempt;
  const times = { started_at: '1970-01-01T00:00:01.000Z', finished_at: '1970-01-01T00:00:02.000Z' };
  const head = { v: 1, time: times.finished_at, step: 'a' };
  const { reason, message } = attempt;
  expect(events).toEqual([
    { ...head, seq: 1, type: 'step-attempt-failed', ...rest, ...times, log_dir: 'steps/a/1' },
    {
      ...head,
      seq: 2,
      type: 'step-failed',
      reason,
      message,
      attempts: 1,
      stdout_tail: 'out',
      outputs: { size: 1 },
      agent,
      artifacts: ['x.tar'],
    },
  ]);
  expect(events.map((event) => runEventSchema.parse(event))).toEqual(events);
  const manifest = manifestOf({ tags: [], metadata: {}, inputs: {}, steps: [step] } as unknown as RunAbout, events);
  const [told] = manifest.steps;
  expect(told).toMatchObject({ exit_code: 3, stdout_tail: 'out', stderr_tail: null, artifacts: ['x.tar'] });
  expect(told!.attempts).toEqual([
    {
      attempt: 1,
      status: 'failed',
      reason,
      message,
      ...times,
      exit_code: 3,
      signal: 'SIGTERM',
      host: 'h',
      cpu_sec: 1.5,
      stdout: 'steps/a/1/stdout.log',
      stderr: 'steps/a/1/stderr.log',
    },
  ]);
  const known = manifestSchema.shape.steps.element;
  expect(known.parse(told)).toEqual(told);
  expect(manifestOf({ tags: [], steps: [step] } as unknown as RunAbout, []).steps[0]).toMatchObject({
    artifacts: null,
  });
});

test('so does the execution that ended well', () => {
  const [end] = eventsOf({ ...report, status: 'success', failed_attempts: [] });
  expect(end).toMatchObject({ type: 'step-succeeded', attempt: { exit_code: 3, cpu_sec: 1.5 }, artifacts: ['x.tar'] });
  expect(end).not.toHaveProperty('stdout_tail');
});

test('it is in the views of a run and in `--json`', () => {
  const program = programOf({ a: {}, b: {} });
  const state = createState(program, 0);
  state.steps[0] = { ...state.steps[0]!, status: 'failed', report };
  const [view, pending] = progressView('r', program, state).steps;
  const { exit_code, signal, log_dir, cpu_sec } = facts;
  const shown = { exit_code, signal, log_dir, cpu_sec, stdout_tail: 'out', outputs: { size: 1 }, artifacts: ['x.tar'] };
  expect(view).toEqual({ id: 'a', status: 'failed', attempts: 1, message: 'no', ...shown, agent });
  expect(pending).toEqual({ id: 'b', status: 'pending', attempts: 0 });
  const json = stepJson(view!);
  expect(json).toMatchObject({ exit_code, log_dir, cpu_sec, artifacts: ['x.tar'] });
  expect(runJsonSchema.shape.steps.element.parse(json)).toEqual(json);
  expect(stepJson(pending!)).toMatchObject({ cpu_sec: null, artifacts: null });
});

test('a worker that counts a failed attempt takes it along', () => {
  const execution = { attempt: 1, startedAt: 1000, failedAttempts: [] };
  const failure = { reason: 'exit_non_zero', message: 'no', facts };
  const [failed] = withFailure(...([execution, failure] as unknown as Parameters<typeof withFailure>));
  expect(failed).toMatchObject({ attempt: 1, exit_code: 3, signal: 'SIGTERM', cpu_sec: 1.5 });
});

test('the names that workflow code uses are those of the schemas, in their order', () => {
  expect([...EXECUTION_FACTS]).toEqual(Object.keys(executionFacts));
  expect([...RESULT_FACTS]).toEqual(Object.keys(resultFacts));
});

test('what is not known is left out, and empty texts say nothing', () => {
  expect(knownFacts(['a', 'b', 'c', 'd'], { a: 0, b: '', c: undefined, d: {}, e: 1 })).toEqual({ a: 0, d: {} });
});
