import { statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requestStop } from '../../../src/process/durable/stop.js';
import { generationOf } from '../../../src/process/durable/files.js';
import type { Exited } from '../../../src/process/index.js';
import { DurableRig, essence } from '../../support/durable.js';
import { eventually } from '../../support/eventually.js';

let rig: DurableRig;
beforeEach(() => {
  rig = new DurableRig();
});
afterEach(() => rig.close());

const exited = { kind: 'exited', generation: 0, attached: false };
const DEAF = 'trap "" TERM; echo up > up; while :; do sleep 1; done';

describe('a stop', () => {
  test('by timeout keeps the output so far, and stops the grandchildren', async () => {
    const end = await rig.run('echo before; sh -c "sleep 60; :"; echo after', { timeoutMs: 400 });
    expect(essence(end)).toEqual({ ...exited, signal: 'SIGTERM', stopped: 'timeout' });
    expect(rig.file('out')).toBe('before\n');
    expect(rig.processes()).toEqual([]);
  });

  test('by what is left of a shared limit has its own reason', async () => {
    const end = await rig.run('sleep 60', { timeoutMs: 60_000, maxDurationMs: 300 });
    expect(essence(end)).toEqual({ ...exited, signal: 'SIGTERM', stopped: 'max_duration' });
  });

  test('kills what is deaf after the grace, wherever it has moved to', async () => {
    const script = `(setsid sh -c '${DEAF}' &) ; bash -c 'set -m; sleep 60 & wait' & until [ -s up ]; do sleep 0.02; done; ${DEAF.replaceAll('up', 'up2')}`;
    const cancel = new AbortController();
    const end = rig.run(script, {}, { cancel: cancel.signal });
    await rig.written('up2');
    expect(rig.processes().length).toBeGreaterThan(4);
    cancel.abort();
    expect(essence(await end)).toEqual({ ...exited, signal: 'SIGKILL', stopped: 'canceled' });
    expect(rig.processes()).toEqual([]);
  });

  test('kills what has scrubbed its environment, in the same session', async () => {
    const cancel = new AbortController();
    const end = rig.run(`exec env -i /bin/sh -c '${DEAF}'`, {}, { cancel: cancel.signal });
    await rig.written('up');
    cancel.abort();
    expect(essence(await end)).toEqual({ ...exited, signal: 'SIGKILL', stopped: 'canceled' });
  });

  test('does not spare a deaf child whose parent ends on TERM', async () => {
    const end = await rig.run(`sh -c '${DEAF}' & wait`, { timeoutMs: 400 });
    expect(end).toMatchObject({ kind: 'exited', stopped: 'timeout' });
    expect(rig.processes()).toEqual([]);
  });

  test('lets a command end in order: its exit code is kept, and it hears TERM once', async () => {
    const script = 'trap "echo cleaned; exit 7" TERM; echo up > up; while :; do sleep 0.05; done';
    const cancel = new AbortController();
    const end = rig.run(script, { graceMs: 10_000 }, { cancel: cancel.signal });
    await rig.written('up');
    cancel.abort();
    expect(essence(await end)).toEqual({ ...exited, exitCode: 7, stopped: 'canceled' });
    expect(rig.file('out')).toBe('cleaned\n');
  });

  test('before the start runs nothing, then and later', async () => {
    const closed = { kind: 'closed', generation: 0, stopped: 'canceled' };
    expect(await rig.run('echo ran >> ran', {}, { cancel: AbortSignal.abort() })).toEqual(closed);
    expect(await rig.run('echo ran >> ran')).toEqual(closed);
    expect(rig.read('ran')).toBe('');
  });

  test('that comes together with the start leaves nothing running', async () => {
    for (let round = 0; round < 20; round += 1) {
      const cancel = new AbortController();
      const end = rig.run('sleep 60', { tryDir: rig.path(`attempts/${round}`) }, { cancel: cancel.signal });
      setTimeout(() => cancel.abort(), round / 4);
      expect(await end).toMatchObject({ stopped: 'canceled' });
      await eventually('nothing runs', () => rig.processes(rig.path(`attempts/${round}`)).length === 0);
    }
  });

  test('reaches a wrapper that is stopped itself', async () => {
    const cancel = new AbortController();
    const end = rig.run('sleep 60', { graceMs: 100 }, { cancel: cancel.signal });
    process.kill(-(await rig.claimed()), 'SIGSTOP');
    cancel.abort();
    expect(await end).toMatchObject({ kind: 'lost', stopped: 'canceled' });
    expect(rig.processes()).toEqual([]);
    expect(rig.generations()).toEqual(['g0']);
  });

  test('has the reason of the first who asked', async () => {
    const cancel = new AbortController();
    const end = rig.run('trap "" TERM; sleep 1; sleep 60', { timeoutMs: 300, graceMs: 700 }, { cancel: cancel.signal });
    await eventually('it is being stopped', () => rig.file('stop.json') !== '');
    cancel.abort();
    expect(await end).toMatchObject({ stopped: 'timeout' });
  });

  test('is carried on by a worker that attaches later', async () => {
    const spec = rig.spec(DEAF, { graceMs: 500 });
    await rig.worker(spec, 'claimed').ended;
    await rig.written('up');
    requestStop(generationOf(rig.tryDir, 0), 'canceled', 500); // and the worker that asked for it was killed
    const end = await rig.run(DEAF, { graceMs: 60_000 });
    expect(essence(end)).toEqual({ ...exited, attached: true, signal: 'SIGKILL', stopped: 'canceled' });
    expect(rig.processes()).toEqual([]);
  });

  test('can be left halfway: who detaches leaves it to the next one', async () => {
    const [cancel, detach] = [new AbortController(), new AbortController()];
    const first = rig.run(DEAF, { graceMs: 60_000 }, { cancel: cancel.signal, detach: detach.signal });
    await rig.written('up');
    cancel.abort();
    await eventually('it is being stopped', () => rig.file('stop.json') !== '');
    detach.abort();
    expect(await first).toEqual({ kind: 'detached', generation: 0 });
    writeFileSync(rig.path('attempts/a try/g0/stop.json'), JSON.stringify({ reason: 'canceled', at: 0, grace_ms: 0 }));
    expect(await rig.run(DEAF)).toMatchObject({ kind: 'exited', signal: 'SIGKILL', stopped: 'canceled' });
  });
});

describe('a timeout', () => {
  test('counts from the claim, so the time without a worker counts', async () => {
    await rig.worker(rig.spec('sleep 60'), 'claimed').ended;
    const startedAt = Number(rig.file('state').split(' ')[2]);
    await eventually('three seconds have gone', () => Date.now() - startedAt > 3000);
    const attachedAt = performance.now();
    expect(await rig.run('sleep 60', { timeoutMs: 2900 })).toMatchObject({ signal: 'SIGTERM', stopped: 'timeout' });
    expect(performance.now() - attachedAt).toBeLessThan(2500);
  });

  test('is not moved by a wall clock that is set', async () => {
    await rig.worker(rig.spec('until [ -e go ]; do sleep 0.02; done'), 'claimed').ended;
    const state = rig.path('attempts/a try/g0/state');
    writeFileSync(state, rig.file('state').replace(/^(run \d+) \d+/, '$1 1000'), { flag: 'r+' }); // long ago, it seems
    const end = rig.run('', { timeoutMs: 30_000 });
    writeFileSync(rig.path('go'), '');
    expect(await end).toMatchObject({ kind: 'exited', exitCode: 0 });
  });

  test('never comes early, and not much too late', async () => {
    const { durationMs } = (await rig.run('sleep 60', { timeoutMs: 700 })) as Exited;
    expect(durationMs).toBeGreaterThanOrEqual(690);
    expect(durationMs).toBeLessThan(1200);
  });

  test('of years does not fire at once', async () => {
    const years = 10 * 365 * 24 * 3600 * 1000;
    expect(await rig.run('exit 0', { timeoutMs: years, maxDurationMs: years })).toMatchObject({ exitCode: 0 });
  });
});

function written(): number {
  return statSync(rig.path('attempts/a try/g0/out')).size + statSync(rig.path('attempts/a try/g0/err')).size;
}

describe('the output cap', () => {
  test('stops what writes too much, soon after', async () => {
    // It writes at most 100 MB a second: what comes until somebody looks is bounded, also where both share few cores.
    const end = await rig.run('while head -c 1000000 /dev/zero; do sleep 0.01; done', { maxOutputBytes: 50_000_000 });
    expect(essence(end)).toEqual({ ...exited, signal: 'SIGTERM', stopped: 'output_cap' });
    expect(written()).toBeGreaterThan(50_000_000);
    expect(written()).toBeLessThan(150_000_000);
  });

  test('counts both streams, and a burst after a long silence', async () => {
    const end = await rig.run(
      'sleep 1; for i in 1 2 3 4 5 6; do head -c 10000 /dev/zero; head -c 10000 /dev/zero >&2; done; sleep 60',
      {
        maxOutputBytes: 100_000,
      },
    );
    expect(essence(end)).toEqual({ ...exited, signal: 'SIGTERM', stopped: 'output_cap' });
    // The last write of the burst may come too late.
    expect(written()).toBeGreaterThan(100_000);
  });

  test('does not wait for the grace of a writer that is deaf', async () => {
    const stoppedAt = performance.now();
    const end = await rig.run('trap "" TERM; yes', { maxOutputBytes: 10_000_000, graceMs: 60_000 });
    expect(essence(end)).toMatchObject({ kind: 'exited', stopped: 'output_cap' });
    expect(performance.now() - stoppedAt).toBeLessThan(5000);
  });

  test('leaves alone what stays below it', async () => {
    expect(await rig.run('head -c 100000 /dev/zero', { maxOutputBytes: 100_000 })).toMatchObject({ exitCode: 0 });
    expect(written()).toBe(100_000);
  });
});
