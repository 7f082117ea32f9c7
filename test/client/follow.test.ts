import { expect, test, vi } from 'vitest';
import { OrchError } from '../../src/client/errors.js';
import { follow } from '../../src/client/follow.js';
import type { ProgressView, RunResult, StepView } from '../../src/contract/run-messages.js';

const step = (status: StepView['status']): StepView => ({ id: 'a', status, attempts: 1 });
const result = { run_id: 'r', status: 'succeeded', steps: [step('success')] } as unknown as RunResult;
const progress = (status: StepView['status']): ProgressView =>
  ({ run_id: 'r', status: 'running', version: 1, steps: [step(status)] }) as unknown as ProgressView;

/** A service whose run ends when the test says so. */
function service(answer: () => ProgressView) {
  let end!: (value: RunResult) => void;
  const ended = new Promise<RunResult>((resolve) => (end = resolve));
  const known = { events: 3 };
  const client = {
    pulse: vi.fn(async () => ({ events: known.events, live: new Map() })),
    progress: vi.fn(async () => answer()),
    result: async () => ended,
  };
  return { client, known, end: () => end(result) };
}

test('a run whose history does not grow is asked once, and again when it has', async () => {
  const { client, known, end } = service(() => progress('running'));
  const following = follow(client, 'r', {});
  await vi.waitFor(() => expect(client.pulse.mock.calls.length).toBeGreaterThan(3), 20_000);
  expect(client.progress).toHaveBeenCalledTimes(1);
  known.events = 4;
  await vi.waitFor(() => expect(client.progress).toHaveBeenCalledTimes(2), 20_000);
  end();
  expect(await following).toEqual(result);
});

test('a run that does not answer is left alone for longer and longer, and its silence is told once', async () => {
  const silence: (string | undefined)[] = [];
  const asked: number[] = [];
  const { client, end } = service(() => {
    asked.push(performance.now());
    throw new OrchError('run_busy', 'busy');
  });
  const following = follow(client, 'r', { onSilence: (silent, error) => void silence.push(silent ? error?.code : '') });
  await vi.waitFor(() => expect(asked).toHaveLength(3), 60_000);
  expect(asked[1]! - asked[0]!).toBeGreaterThan(900);
  expect(asked[2]! - asked[1]!).toBeGreaterThan(1_900);
  expect(silence).toEqual(['run_busy']);
  end();
  await following;
});

test('what the service knows of running steps is handed on with each look', async () => {
  const { client, end } = service(() => progress('running'));
  const live = new Map([['a', { unserved: 'gpu' }]]);
  client.pulse.mockImplementation(async () => ({ events: 3, live }));
  const seen: unknown[] = [];
  const following = follow(client, 'r', { onLive: (each) => void seen.push(each) });
  await vi.waitFor(() => expect(seen.length).toBeGreaterThan(2), 20_000);
  expect(seen[0]).toBe(live);
  end();
  await following;
});

test('what changes within a status is told, and nothing twice', async () => {
  const { client, known, end } = service(() => progress('running'));
  const states: Partial<StepView>[] = [
    {},
    { waits_for: 'lock', message: "waits for lock 'db', held by run 'x'" },
    { waits_for: 'lock', message: "waits for lock 'db', held by run 'y'" },
    { waits_for: 'lock', message: "waits for lock 'db', held by run 'y'" },
    { items: { total: 2, ended: 1, failed: 0 } },
  ];
  client.progress.mockImplementation(async () => {
    const more = states[known.events - 3];
    known.events = Math.min(known.events + 1, 2 + states.length);
    return { ...progress('running'), steps: [{ ...step('running'), ...more }] };
  });
  const told: unknown[] = [];
  const following = follow(client, 'r', { onChange: ([each]) => void told.push(each?.items ?? each?.message ?? '') });
  await vi.waitFor(() => expect(told).toHaveLength(4), 20_000);
  end();
  await following;
  expect(told.slice(0, 4)).toEqual(['', states[1]!.message, states[2]!.message, states[4]!.items]);
});

test('a run that was started a moment ago is not asked at once, and one that has ended by then never', async () => {
  const later = service(() => progress('running'));
  const following = follow(later.client, 'r', { isNew: true });
  expect(later.client.pulse).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(later.client.progress).toHaveBeenCalled(), 20_000);
  later.end();
  await following;

  const changes: string[] = [];
  const ended = service(() => progress('running'));
  ended.end();
  const onChange = (steps: readonly StepView[]) => void changes.push(steps[0]!.status);
  expect(await follow(ended.client, 'r', { isNew: true, onChange })).toEqual(result);
  expect([ended.client.pulse.mock.calls, changes]).toEqual([[], ['success']]);
});
