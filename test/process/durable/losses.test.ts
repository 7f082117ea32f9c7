import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { generationOf, makeDir } from '../../../src/process/durable/files.js';
import { formatHostId, hostId } from '../../../src/host/host-id.js';
import { processStat } from '../../../src/host/proc.js';
import { inspectTry } from '../../../src/process/index.js';
import { DurableRig, essence } from '../../support/durable.js';
import { eventually } from '../../support/eventually.js';

let rig: DurableRig;
beforeEach(() => {
  rig = new DurableRig();
});
afterEach(() => rig.close());

/** Runs on for ever the first time, and ends at once the second. */
const ONCE_FOREVER = 'echo ran >> ran; [ -e second ] && exit 3; : > second; sleep 60; echo never >> ran';
const lost = { kind: 'lost', generation: 0, started: true };

describe('a wrapper that is killed', () => {
  test('is found lost within two seconds, and its command is killed', async () => {
    const end = rig.run('', { file: 'sleep', args: ['60'], runOnce: true });
    const wrapper = await rig.claimed();
    await eventually('the command runs', () => rig.processes().length === 2);
    const killedAt = performance.now();
    process.kill(wrapper, 'SIGKILL');
    expect(essence(await end)).toEqual({ ...lost, leftoversKilled: 1 });
    expect(performance.now() - killedAt).toBeLessThan(2000);
    expect(rig.processes()).toEqual([]);
  });

  test('is found lost by one that has only attached, too', async () => {
    await rig.worker(rig.spec('sleep 60'), 'claimed').ended;
    const end = rig.run('sleep 60', { runOnce: true });
    process.kill(await rig.claimed(), 'SIGKILL');
    expect(await end).toMatchObject(lost);
    expect(rig.processes()).toEqual([]);
  });

  test('while nobody looks is found lost later; the next generation runs the command again', async () => {
    await rig.worker(rig.spec(ONCE_FOREVER), 'claimed').ended;
    await rig.written('ran');
    await eventually('the first is under way', () => rig.processes().length >= 2);
    process.kill(await rig.claimed(), 'SIGKILL');
    expect(essence(await rig.run(ONCE_FOREVER))).toEqual({
      kind: 'exited',
      generation: 1,
      attached: false,
      exitCode: 3,
    });
    expect(rig.read('ran')).toBe('ran\nran\n');
    expect(rig.processes()).toEqual([]);
  });

  test('together with its whole group, too', async () => {
    const end = rig.run('sleep 60', { runOnce: true });
    process.kill(-(await rig.claimed()), 'SIGKILL');
    expect(await end).toMatchObject(lost);
    expect(rig.processes()).toEqual([]);
  });

  test('takes along what has left its session', async () => {
    const end = rig.run('(setsid sh -c "trap : TERM; echo up > up; while :; do sleep 1; done" &) ; sleep 60', {
      runOnce: true,
    });
    await rig.written('up');
    process.kill(await rig.claimed(), 'SIGKILL');
    expect(await end).toMatchObject(lost);
    expect(rig.processes()).toEqual([]);
  });

  test('four who wait for it hand over to one next generation', async () => {
    const ends = Array.from({ length: 4 }, () => rig.run(ONCE_FOREVER));
    await rig.written('ran');
    process.kill(await rig.claimed(), 'SIGKILL');
    for (const end of await Promise.all(ends)) {
      expect(end).toMatchObject({ kind: 'exited', generation: 1, exitCode: 3 });
    }
    await rig.nothingRuns();
    expect(rig.read('ran')).toBe('ran\nran\n');
    expect(rig.generations()).toEqual(['g0', 'g1']);
  });

  test('is not followed by another where the step may run once only, whoever asks again', async () => {
    const end = rig.run('echo ran >> ran; sleep 60', { runOnce: true });
    process.kill(-(await rig.claimed()), 'SIGKILL');
    const first = await end;
    expect(await rig.run('echo ran >> ran', { runOnce: true })).toEqual(first);
    expect(rig.generations()).toEqual(['g0']);
  });

  test('again and again is told after as many losses as are allowed', async () => {
    const end = await rig.run('echo ran >> ran; kill -KILL 0', { maxLost: 2 });
    expect(end).toMatchObject({ kind: 'lost', generation: 2 });
    expect(rig.read('ran')).toBe('ran\nran\nran\n');
  });
});

/** Writes a claim as a wrapper would have. */
function claim(pid: number, start: string, host = formatHostId(hostId())): void {
  const { dir } = generationOf(rig.tryDir, 0);
  makeDir(dir);
  writeFileSync(`${dir}/state`, `run ${pid} ${Date.now()} ${host} ${start}\n`);
}

describe('a claim', () => {
  test('of a process number that is another process by now is lost, and the stranger lives', async () => {
    const stranger = spawn('sleep', ['60']);
    claim(stranger.pid!, '12345');
    expect(inspectTry(rig.tryDir)).toMatchObject({ status: 'lost' });
    expect(await rig.run('true', { runOnce: true })).toMatchObject({ ...lost, leftoversKilled: 0 });
    expect(processStat(stranger.pid!)).toBeDefined();
    stranger.kill('SIGKILL');
  });

  test('from before a reboot is lost', async () => {
    claim(process.pid, processStat(process.pid)!.start, 'otherboot_othernamespace');
    expect(await rig.run('true', { runOnce: true })).toMatchObject(lost);
  });

  test('of a container that is gone is lost', async () => {
    claim(process.pid, processStat(process.pid)!.start, `${hostId().boot}_gone`);
    const fifo = `${generationOf(rig.tryDir, 0).dir}/alive`;
    await new Promise((resolve) => spawn('mkfifo', [fifo]).once('exit', resolve));
    expect(await rig.run('true', { runOnce: true })).toMatchObject(lost);
  });

  test('of another container on this kernel lives as long as its FIFO is held, and no signal reaches it', async () => {
    const stranger = spawn('sleep', ['60']); // its number means another process there
    claim(stranger.pid!, processStat(stranger.pid!)!.start, `${hostId().boot}_elsewhere`);
    const { dir } = generationOf(rig.tryDir, 0);
    await new Promise((resolve) => spawn('mkfifo', [`${dir}/alive`]).once('exit', resolve));
    const held = openSync(`${dir}/alive`, 'r+');
    expect(inspectTry(rig.tryDir).status).toBe('running');
    const end = rig.run('true', { runOnce: true, timeoutMs: 1, graceMs: 10 });
    await eventually('a stop is asked for', () => rig.file('stop.json') !== '');
    expect(inspectTry(rig.tryDir)).toMatchObject({ status: 'running', stopped: 'timeout' });
    expect(await end).toMatchObject({ ...lost, stopped: 'timeout', leftoversKilled: 0 }); // given up in the end
    expect(processStat(stranger.pid!)?.dead).toBe(false);
    closeSync(held);
    stranger.kill('SIGKILL');
  });

  test('of a process that nobody has reaped is lost', async () => {
    // perl's child ends and stays a zombie, because its parent sleeps
    const parent = spawn('perl', ['-e', '$| = 1; if (my $pid = fork) { print "$pid\\n"; sleep 60 } else { exit }']);
    const zombie = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (data) => resolve(Number(String(data)))),
    );
    await eventually('a zombie', () => processStat(zombie)?.dead);
    claim(zombie, processStat(zombie)!.start);
    expect(await rig.run('true', { runOnce: true })).toMatchObject(lost);
    parent.kill('SIGKILL');
  });

  test('without a line is taken for lost after a while, and the next generation runs', async () => {
    const { dir } = generationOf(rig.tryDir, 0);
    makeDir(dir);
    writeFileSync(`${dir}/state`, '');
    expect(await rig.run('echo ran >> ran')).toMatchObject({ kind: 'exited', generation: 1, exitCode: 0 });
    expect(rig.read('ran')).toBe('ran\n');
    expect(JSON.parse(rig.file('lost.json'))).toEqual({ leftovers_killed: 0, started: false });
  });
});

describe('a folder that is deleted while it runs', () => {
  test('costs the output, and not the exit code of who has started it', async () => {
    let started = false;
    const end = rig.run('until [ -e go ]; do sleep 0.02; done; exit 5', {}, { onStart: () => (started = true) });
    await eventually('its start is seen', () => started);
    rmSync(rig.path('attempts'), { recursive: true });
    writeFileSync(rig.path('go'), '');
    expect(await end).toMatchObject({ kind: 'exited', exitCode: 5 });
  });

  test('makes it lost for who has attached, and is followed by no other generation', async () => {
    const script = 'echo ran >> ran; until [ -e go ]; do sleep 0.02; done; exit 5';
    await rig.worker(rig.spec(script), 'claimed').ended;
    let attached = false;
    const end = rig.run(script, {}, { onStart: () => (attached = true) });
    await eventually('it has attached', () => attached);
    rmSync(rig.path('attempts'), { recursive: true });
    writeFileSync(rig.path('go'), '');
    expect(await end).toMatchObject({ kind: 'lost', started: true });
    expect(rig.read('ran')).toBe('ran\n');
  });
});
