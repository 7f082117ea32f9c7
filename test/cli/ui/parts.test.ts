import { EventEmitter, once } from 'node:events';
import { expect, test } from 'vitest';
import { OrchError } from '../../../src/client/errors.js';
import { startedBy } from '../../../src/client/started-by.js';
import type { OrchClient } from '../../../src/client/orch-client.js';
import { createClientSource } from '../../../src/cli/ui/client-source.js';
import { planAnswer } from '../../../src/cli/ui/run-plan.js';
import { nextIn } from '../../../src/ui/next-in.js';
import { checkPlan } from '../../../src/plan/check/check-plan.js';

function fakeClient(): { client: OrchClient; closed: () => number } {
  let closed = 0;
  return { client: { close: async () => void (closed += 1) } as unknown as OrchClient, closed: () => closed };
}

test('one client serves all until the service is lost; then it is closed once nobody works with it', async () => {
  const fakes = [fakeClient(), fakeClient()];
  let opened = 0;
  const source = createClientSource(async () => fakes[opened++]!.client);
  const work = new EventEmitter();
  const long = source.with(() => once(work, 'end'));
  const lost = source.with(async () => {
    throw new OrchError('service_unreachable', 'gone');
  });
  await expect(lost).rejects.toThrow('gone');
  expect(await source.with(async (client) => client)).toBe(fakes[1]!.client);
  expect(fakes[0]!.closed()).toBe(0);
  work.emit('end');
  await long;
  source.close();
  await Promise.resolve();
  expect([opened, fakes[0]!.closed(), fakes[1]!.closed()]).toEqual([2, 1, 1]);
});

test('a service that cannot be reached is tried again by the next question', async () => {
  let tries = 0;
  const fake = fakeClient();
  const source = createClientSource(async () => {
    tries += 1;
    if (tries === 1) throw new OrchError('service_unreachable', 'down');
    return fake.client;
  });
  await expect(source.with(async () => 1)).rejects.toThrow('down');
  expect(await source.with(async () => 2)).toBe(2);
});

test('the page is told what a plan asks, in text that can be shown', () => {
  const checked = checkPlan({
    plan_id: 'p',
    steps: [
      { id: 'a', name: '\u001b[1mA\nline', command: 'true' },
      {
        id: 'ask',
        depends_on: ['a'],
        step_def: {
          type: 'approval',
          message: 'Ship it?',
          approvers: ['ann'],
          inputs: { tier: { type: 'integer', default: 2, enum: [1, 2], description: 'how much' } },
        },
      },
    ],
  });
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  const { plan } = checked.value;
  const { steps, drawing, decider } = planAnswer(plan);
  expect(decider).toEqual({ name: startedBy(), others: true });
  expect(planAnswer(plan, 'bob').decider).toEqual({ name: 'bob', others: false });
  expect(steps).toEqual([
    { id: 'a', kind: 'command', depends_on: [], name: 'A line' },
    {
      id: 'ask',
      kind: 'approval',
      depends_on: ['a'],
      asks: [
        { name: 'tier', type: 'integer', required: false, description: 'how much', default: '2', choices: ['1', '2'] },
      ],
      approvers: ['ann'],
    },
  ]);
  expect([drawing!.steps.map(({ id }) => id), drawing!.edges.length, drawing!.box.named]).toEqual([
    ['a', 'ask'],
    1,
    true,
  ]);
});

test('arrow keys lead to the nearest step that is ahead', () => {
  const steps = [
    { id: 'a', x: 0, y: 50 },
    { id: 'b', x: 100, y: 0 },
    { id: 'c', x: 100, y: 60 },
    { id: 'd', x: 200, y: 50 },
  ];
  const go = (from: number, way: 'left' | 'right' | 'up' | 'down'): string | undefined =>
    nextIn(steps, steps[from]!, way)?.id;
  expect([go(0, 'right'), go(2, 'up'), go(1, 'down'), go(3, 'left'), go(0, 'left')]).toEqual([
    'c',
    'b',
    'c',
    'c',
    undefined,
  ]);
});
