import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { generationOf, makeDir } from '../../../src/process/durable/files.js';
import type { DurableEnd, DurableSpec } from '../../../src/process/index.js';
import { DurableRig, essence } from '../../support/durable.js';
import { eventually } from '../../support/eventually.js';

let rig: DurableRig;
beforeEach(() => {
  rig = new DurableRig();
});
afterEach(() => rig.close());

/** Leaves a trace at its start and its end, and writes to both streams on the way. */
const STEP = 'echo start >> trace; echo o1; echo e1 >&2; sleep 0.4; cat; echo o2; echo end >> trace; exit 42';
const stdin = 'given\n';

function expectOnce(end: DurableEnd, attached: boolean): void {
  expect(essence(end)).toEqual({ kind: 'exited', generation: 0, attached, exitCode: 42 });
  expect(rig.read('trace')).toBe('start\nend\n');
  expect([rig.file('out'), rig.file('err')]).toEqual(['o1\ngiven\no2\n', 'e1\n']);
  expect(rig.generations()).toEqual(['g0']);
  expect(rig.processes()).toEqual([]);
}

describe('a worker that is killed', () => {
  test('before it has started anything: the next one starts it', async () => {
    makeDir(generationOf(rig.tryDir, 0).dir);
    expectOnce(await rig.run(STEP, { stdin }), false);
  });

  test.each(['launched', 'claimed', 'ended'] as const)(
    'when its wrapper is %s: the command runs once',
    async (point) => {
      await rig.worker(rig.spec(STEP, { stdin }), point).ended;
      if (point !== 'launched') return expectOnce(await rig.run(STEP, { stdin }), true);
      const end = await rig.run(STEP, { stdin }); // either wrapper may have the claim
      await rig.nothingRuns();
      expectOnce(end, 'attached' in end && end.attached);
    },
  );

  test('with a wrapper that stands still before its claim: the next one starts it, and the first one never does', async () => {
    const freeze = async (): Promise<number> => {
      await rig.worker(rig.spec(STEP, { stdin }), 'launched-frozen').ended;
      return eventually('the frozen wrapper', () => rig.processes()[0]);
    };
    let frozen = await freeze();
    // On a busy machine it may have claimed the step by then: another one is frozen.
    while (rig.file('state') !== '') {
      process.kill(frozen, 'SIGCONT');
      await rig.nothingRuns();
      await rig.close();
      rig = new DurableRig();
      frozen = await freeze();
    }
    const end = await rig.run(STEP, { stdin });
    process.kill(frozen, 'SIGCONT');
    await rig.nothingRuns();
    expectOnce(end, false);
  });

  test(
    'twice and more, at random moments: the command runs once, with all its output',
    { timeout: 180_000 },
    async () => {
      const rounds = Array.from({ length: 30 }, (_, round) => round);
      const lane = async (): Promise<void> => {
        for (let round = rounds.shift(); round !== undefined; round = rounds.shift()) await survive(round);
      };
      await Promise.all([lane(), lane(), lane()]);
    },
  );
});

function lines(stream: string): string {
  return Array.from({ length: 60 }, (_, n) => `${stream} ${n}\n`).join('');
}

/** One process whose workers are killed at random, and what it must have done at last. */
async function survive(round: number): Promise<void> {
  const name = `chaos ${round}`;
  const tryDir = rig.path(`attempts/${name}`);
  const script =
    'echo start >> "$1"; i=0; while [ $i -lt 60 ]; do echo "out $i"; echo "err $i" >&2; i=$((i + 1)); ' +
    '[ $((i % 10)) = 0 ] && sleep 0.03; done; cat; echo end >> "$1"; exit "$2"';
  const code = (round * 37) % 126;
  const args = ['-c', script, 'step', `trace ${name}`, String(code)];
  const spec: DurableSpec = { ...rig.spec('', { stdin, tryDir }), args };
  for (let kills = 0; kills < 1 + (round % 3); kills += 1) {
    const worker = rig.worker(spec, '', `result ${name}`);
    await Promise.race([worker.ended, sleep(randomInt(60, 350))]); // the start of node is some 60 ms of them
    await worker.kill();
  }
  await rig.worker(spec, '', `result ${name}`).ended;
  expect(JSON.parse(rig.read(`result ${name}`))).toMatchObject({ kind: 'exited', generation: 0, exitCode: code });
  expect(rig.read(`trace ${name}`)).toBe('start\nend\n');
  expect(rig.read(`attempts/${name}/g0/out`)).toBe(lines('out') + stdin);
  expect(rig.read(`attempts/${name}/g0/err`)).toBe(lines('err'));
  await eventually('nothing runs', () => rig.processes(tryDir).length === 0);
}

describe('several workers at once', () => {
  test('start one process, and all hear of its end', async () => {
    const ends = await Promise.all(Array.from({ length: 5 }, () => rig.run(STEP, { stdin })));
    await rig.nothingRuns();
    expect(ends.filter((end) => 'attached' in end && !end.attached)).toHaveLength(1);
    for (const end of ends) expectOnce(end, 'attached' in end && end.attached);
  });

  test('in processes of their own, too', async () => {
    const workers = Array.from({ length: 4 }, (_, index) =>
      rig.worker(rig.spec(STEP, { stdin }), '', `result ${index}`),
    );
    await Promise.all(workers.map((worker) => worker.ended));
    await rig.nothingRuns();
    const ends = workers.map((_, index) => JSON.parse(rig.read(`result ${index}`)) as DurableEnd);
    for (const end of ends) expectOnce(end, 'attached' in end && end.attached);
  });
});

describe('detach', () => {
  test('stops waiting and leaves the process running; the next call hears of its end', async () => {
    const detach = new AbortController();
    const first = rig.run(STEP, { stdin }, { detach: detach.signal });
    await rig.claimed();
    detach.abort();
    expect(await first).toEqual({ kind: 'detached', generation: 0 });
    expect(rig.processes().length).toBeGreaterThan(0);
    expectOnce(await rig.run(STEP, { stdin }), true);
  });

  test('lets the worker end', async () => {
    const spec = rig.spec('sleep 60');
    const worker = rig.worker(spec, 'detached');
    await worker.ended;
    expect(JSON.parse(rig.read('result'))).toEqual({ kind: 'detached', generation: 0 });
    expect(rig.processes().length).toBeGreaterThan(0);
  });

  test('before the start starts nothing', async () => {
    const end = await rig.run(STEP, {}, { detach: AbortSignal.abort() });
    expect(end).toEqual({ kind: 'detached', generation: 0 });
    expect(rig.processes()).toEqual([]);
    expectOnce(await rig.run(STEP, { stdin }), false);
  });
});
