import { expect, test } from 'vitest';
import { packReports, unpackTasks, type StepGroup } from '../../../src/contract/step-group.js';
import type { StepReport } from '../../../src/contract/step-result.js';
import type { StepTask } from '../../../src/contract/step-task.js';
import { decide, startRun } from '../../../src/engine/index.js';
import { checkPlanSet } from '../../../src/plan/files/check-set.js';
import { buildGraph } from '../../../src/plan/graph/graph.js';
import { sharedEnv } from '../../../src/plan/templates/shared-env.js';
import { createProgram } from '../../../src/workflows/program/program.js';
import { GroupCalls } from '../../../src/workflows/steps/group-calls.js';
import { GroupPace } from '../../../src/workflows/steps/group-pace.js';
import { InFlight } from '../../../src/workflows/steps/in-flight.js';
import { ShortSteps } from '../../../src/workflows/steps/short-steps.js';
import { StepTasks } from '../../../src/workflows/steps/step-tasks.js';
import { HandTemporal } from '../../support/hand-temporal.js';

const SUCCESS: StepReport = { status: 'success', attempts: 1, started_at: 1, finished_at: 2 };

test('a step that a group did not get to, and that has run by itself since, is not given the task of then', async () => {
  const temporal = new HandTemporal();
  const source = {
    plan_id: 'chain',
    version: '1.0',
    steps: [
      { id: 'a', command: 'true' },
      { id: 'b', command: 'true', depends_on: ['a'] },
      { id: 'c', command: 'true', depends_on: ['b'] },
    ],
  };
  const checked = checkPlanSet({ source, plans: {}, path: 'plan.yaml' });
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  const { plan, plans: subPlans } = checked.value;
  const input = { engine_version: 8, plan: source, digest: 'digest', inputs: {}, env: {} };
  const program = createProgram(temporal, { plan, graph: buildGraph(plan), subPlans }, input, 'run');
  const { state } = startRun(program, 1, { leftOut: new Set(), reused: new Map() });
  const tasks = new StepTasks(program, input, { id: 'run' }, () => state);
  const short = new ShortSteps({
    program,
    tasks,
    calls: new GroupCalls(temporal),
    pace: new GroupPace(8),
    inFlight: new InFlight(),
    version: 8,
    shared: sharedEnv(input),
    heldLocks: [],
    parent: temporal.root,
    stateOf: () => state,
    alone: () => true,
    isBusy: () => false,
    landed: (ends) =>
      ends.forEach(({ step, report }) => decide(program, state, { type: 'step-ended', step, report, at: 2 })),
  });
  const given = (id: string): StepTask => {
    const group = temporal.the('runSteps').args[0] as StepGroup;
    return [...unpackTasks(group).values()].find(({ step_id }) => step_id === id)!;
  };

  expect(short.begin([0])).toBe(true);
  const first = given('b');
  const reports = packReports([SUCCESS], ['a'], true);
  await temporal.the('runSteps').ends({ ended: [0], reports, begun: [] });
  short.take(0);

  tasks.ran(first, SUCCESS);
  expect(short.begin([1])).toBe(true);
  expect([first.attempts_before, given('b').attempts_before]).toEqual([undefined, 1]);
  expect(given('c').attempts_before).toBeUndefined();
});
