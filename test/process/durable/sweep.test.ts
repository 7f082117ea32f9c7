import { cpSync, mkdirSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inspectTry, reap, sweepTries } from '../../../src/process/index.js';
import { DurableRig } from '../../support/durable.js';
import { eventually } from '../../support/eventually.js';

let rig: DurableRig;
beforeEach(() => {
  rig = new DurableRig();
});
afterEach(() => rig.close());

const graceMs = 200;

describe('reap', () => {
  test('stops what runs, though nobody has attached, and does so once', async () => {
    await rig.worker(rig.spec('sleep 60'), 'claimed').ended;
    expect(await reap(rig.tryDir, 'canceled', { graceMs })).toBe(true);
    expect(rig.processes()).toEqual([]);
    const info = inspectTry(rig.tryDir);
    expect(info).toMatchObject({ status: 'exited', signal: 'SIGTERM', stopped: 'canceled' });
    expect(await reap(rig.tryDir, 'timeout', { graceMs })).toBe(false);
    expect(inspectTry(rig.tryDir)).toEqual(info);
  });

  test('tells who waits for it why it was stopped', async () => {
    const end = rig.run('sleep 60');
    await rig.claimed();
    await Promise.all([reap(rig.tryDir, 'canceled', { graceMs }), reap(rig.tryDir, 'canceled', { graceMs })]);
    expect(await end).toMatchObject({ kind: 'exited', signal: 'SIGTERM', stopped: 'canceled' });
  });

  test('of a try that was never begun keeps it from beginning', async () => {
    expect(await reap(rig.tryDir, 'canceled', { graceMs })).toBe(false);
    expect(await rig.run('echo ran > ran')).toEqual({ kind: 'closed', generation: 0, stopped: 'canceled' });
    expect(rig.read('ran')).toBe('');
  });

  test('keeps a lost process from being started again', async () => {
    await rig.worker(rig.spec('sleep 60'), 'claimed').ended;
    process.kill(await rig.claimed(), 'SIGKILL');
    await eventually('it is lost', () => inspectTry(rig.tryDir).status === 'lost');
    await reap(rig.tryDir, 'canceled', { graceMs });
    expect(await rig.run('echo ran > ran')).toEqual({ kind: 'closed', generation: 1, stopped: 'canceled' });
    expect(rig.read('ran')).toBe('');
    expect(rig.processes()).toEqual([]);
  });

  test('leaves alone what a command that has ended left running', async () => {
    await rig.run('sleep 60 & exit 3');
    expect(await reap(rig.tryDir, 'canceled', { graceMs })).toBe(false);
    expect(rig.processes()).toHaveLength(1);
    expect(await rig.run('')).toMatchObject({ kind: 'exited', exitCode: 3 });
  });

  test('of a command that could not be started does nothing', async () => {
    await rig.run('', { file: 'no-such-command' }).catch(() => {});
    expect(await reap(rig.tryDir, 'canceled', { graceMs })).toBe(false);
  });
});

describe('inspectTry', () => {
  test('tells what is there, and changes nothing', async () => {
    expect(inspectTry(rig.tryDir)).toEqual({ status: 'absent' });
    mkdirSync(`${rig.tryDir}/g0`, { recursive: true });
    expect(inspectTry(rig.tryDir)).toMatchObject({ status: 'unclaimed', generation: 0 });
    const end = rig.run('until [ -e go ]; do sleep 0.02; done; exit 3');
    const pid = await rig.claimed();
    expect(inspectTry(rig.tryDir)).toMatchObject({ status: 'running', generation: 0, pid });
    process.kill(pid, 'SIGKILL');
    await eventually('the loss is seen', () => rig.generations().length === 2);
    await rig.claimed(1);
    expect(inspectTry(rig.tryDir)).toMatchObject({ status: 'running', generation: 1 });
    await reap(rig.tryDir, 'timeout', { graceMs });
    await end;
    expect(inspectTry(rig.tryDir)).toMatchObject({
      status: 'exited',
      generation: 1,
      signal: 'SIGTERM',
      stopped: 'timeout',
    });
  });
});

const attempts = (): string => rig.path('attempts');
const nobodyKnows = (): Promise<boolean> => Promise.reject(new Error('no server'));

describe('sweepTries', () => {
  test('removes what nobody will ask for again, and ends what still runs of it', async () => {
    for (const name of ['open', 'closed', 'ended']) {
      const spec = {
        ...rig.spec(name === 'ended' ? 'exit 0' : 'sleep 60'),
        tryDir: rig.path(`attempts/${name}`),
        owner: { run: name },
      };
      await rig.worker(spec, 'claimed').ended;
    }
    const asked: unknown[] = [];
    const removed = await sweepTries(attempts(), {
      isOpen: async ({ name, owner }) => {
        asked.push(owner);
        return name === 'open';
      },
      graceMs,
    });
    expect(removed.sort()).toEqual(['closed', 'ended']);
    expect(asked).toHaveLength(3);
    expect(asked).toContainEqual({ run: 'closed' });
    expect(readdirSync(attempts())).toEqual(['open']);
    expect(inspectTry(rig.path('attempts/open')).status).toBe('running');
    await reap(rig.path('attempts/open'), 'canceled', { graceMs });
  });

  test('holds up nothing else while it removes many', async () => {
    await rig.run('true', { tryDir: rig.path('attempts/0') });
    for (let copy = 1; copy < 100; copy += 1) {
      cpSync(rig.path('attempts/0'), rig.path(`attempts/${copy}`), {
        recursive: true,
        filter: (file) => !statSync(file).isFIFO(),
      });
    }
    let turns = 0;
    const counting = setInterval(() => void (turns += 1));
    expect(await sweepTries(attempts(), { isOpen: async () => false, graceMs })).toHaveLength(100);
    clearInterval(counting);
    expect(turns).toBeGreaterThan(10); // there was none when all were removed at one stretch
    expect(readdirSync(attempts())).toEqual([]);
  });

  test('goes on where one cannot be asked about, and keeps that one', async () => {
    await rig.run('true', { tryDir: rig.path('attempts/a') });
    await rig.run('true', { tryDir: rig.path('attempts/b') });
    const errors: string[] = [];
    const removed = await sweepTries(attempts(), {
      isOpen: ({ name }) => (name === 'a' ? nobodyKnows() : Promise.resolve(false)),
      graceMs,
      onError: (error, { dir }) => errors.push(`${dir}: ${String(error)}`),
    });
    expect(removed).toEqual(['b']);
    expect(errors).toEqual([`${rig.path('attempts/a')}: Error: no server`]);
    expect(readdirSync(attempts())).toEqual(['a']);
  });

  test('keeps for a minute what is just being begun', async () => {
    mkdirSync(rig.path('attempts/new'), { recursive: true });
    mkdirSync(rig.path('attempts/old'));
    utimesSync(rig.path('attempts/old'), 1, 1);
    expect(await sweepTries(attempts(), { isOpen: nobodyKnows, graceMs })).toEqual(['old']);
  });

  test('of a folder that is not there does nothing', async () => {
    expect(await sweepTries(rig.path('nowhere'), { isOpen: () => Promise.resolve(false), graceMs })).toEqual([]);
  });
});
