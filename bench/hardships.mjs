// What a service has to live through with nobody there: deaths of its worker, a disk without room, a machine that stops.
// One run of a chain goes through each of them, on a state folder of its own, and must end by itself.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, Rig, until } from '../test/chaos/rig.mjs';
import { parentsOf, stepsBy } from './shapes.mjs';

/** Milliseconds that one recovery may take, also on a busy machine. */
const PATIENCE = 10 * 60_000;
/** Steps that must have ended between two deaths. */
const APART = 5;
/** Seconds that the disk stays full. */
const FULL_SECONDS = 20;

/**
 * The worker is killed so many times, and whatever watches it starts it again.
 *
 * @returns a line for people, and whether all was well
 */
export function deaths(times) {
  const steps = (times + 1) * APART * 2;
  return lived({ id: `deaths-${times}`, steps }, async (rig, id) => {
    const waits = [];
    for (let death = 0; death < times; death += 1) {
      const before = await grown(rig, id, APART);
      const { pid } = rig.service().worker;
      process.kill(pid, 'SIGKILL');
      const since = performance.now();
      await until('a step ends again', () => effects(rig, id).length > before + 1, PATIENCE);
      waits.push((performance.now() - since) / 1000);
    }
    waits.sort((a, b) => a - b);
    return `${times} deaths; the next step but one ended after ${waits[Math.floor(times / 2)].toFixed(1)} s (median), ${waits.at(-1).toFixed(1)} s at most`;
  });
}

/** The disk of the state folder, a small one of its own, is filled and emptied again. Only root can mount one. */
export async function fullDisk() {
  const rig = watchedRig();
  execFileSync('mkdir', ['-p', rig.state]);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=700', 'tmpfs', rig.state]);
  const filler = path.join(rig.state, 'filler');
  try {
    return await lived({ id: 'full-disk', steps: 200 }, fillAndEmpty, rig);
  } finally {
    await rig.orch('down').catch(() => {});
    execFileSync('umount', ['--lazy', rig.state]);
    await rig.close();
  }

  async function fillAndEmpty(_, id) {
    await grown(rig, id, APART);
    fill(filler);
    await sleep(FULL_SECONDS * 1000);
    const { bavail, bsize } = statfsSync(rig.state);
    const during = effects(rig, id).length;
    rmSync(filler);
    const since = performance.now();
    await until('a step ends again', () => effects(rig, id).length > during + 1, PATIENCE);
    return `${bavail * bsize} bytes free for ${FULL_SECONDS} s; the next step but one ended ${((performance.now() - since) / 1000).toFixed(1)} s after there was room`;
  }
}

/**
 * Everything dies at once, steps too; then the system starts what `orch up --install` has told it to. The step that was under
 * way is started again: nobody knows how far it had come.
 */
export function reboot() {
  const again = 1;
  return lived({ id: 'reboot', steps: 200, again }, async (rig, id) => {
    rig.env.XDG_CONFIG_HOME = path.join(rig.root, 'config');
    await rig.orch('up', '--install');
    const before = await grown(rig, id, APART);
    killAll(rig);
    const since = performance.now();
    startUnit(path.join(rig.env.XDG_CONFIG_HOME, 'systemd', 'user'));
    await until('a step ends again', () => effects(rig, id).length > before + 1, PATIENCE);
    return `all processes killed at once, and the unit's command started; the next step but one ended after ${((performance.now() - since) / 1000).toFixed(1)} s`;
  });
}

async function lived({ id, steps, again = 0 }, hardship, given) {
  const rig = given ?? watchedRig();
  try {
    await rig.orch('up');
    const log = path.join(rig.folder(id), 'effects');
    const work = (i) => ({ command: `echo s${i} >> ${log}; sleep 0.2`, shell: true });
    const list = stepsBy(steps, (i) => parentsOf('chain', i), work);
    await rig.start(id, { plan_id: id, version: '1.0', steps: list });
    const told = await hardship(rig, id);
    const status = await until('the run ends', () => ended(rig, id), PATIENCE);
    const found = effects(rig, id);
    const twice = found.length - new Set(found).size;
    const line = `${id}: ${status}, ${steps} steps, ${new Set(found).size} side effects, ${twice} of them twice; ${told}`;
    return { line, well: status === 'succeeded' && found.length - twice === steps && twice <= again };
  } catch (error) {
    throw new Error(`${error.message}\n${await lastWords(rig, id)}`, { cause: error });
  } finally {
    if (given === undefined) await rig.close();
  }
}

/** What is known of a run that does not get on: all of it is gone once the rig is closed. */
async function lastWords(rig, id) {
  const status = await rig.orch('status', id).catch(({ message }) => message);
  const logs = ['watcher.log', 'worker.log'].map((name) => {
    const file = path.join(rig.state, 'service', name);
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
    return [`the end of ${name}:`, ...lines.slice(-15)].join('\n');
  });
  return [status, ...logs].join('\n');
}

function watchedRig() {
  const rig = new Rig();
  delete rig.env.ORCH_WATCHER;
  return rig;
}

function ended(rig, id) {
  const status = rig.manifest(id)?.status;
  return ['succeeded', 'failed', 'canceled', 'terminated'].includes(status) ? status : undefined;
}

function effects(rig, id) {
  return rig.lines(id, 'effects');
}

/** Waits until so many more steps have run; returns how many there are. */
async function grown(rig, id, by) {
  const from = effects(rig, id).length;
  await until('steps run', () => effects(rig, id).length >= from + by, PATIENCE);
  return effects(rig, id).length;
}

function fill(file) {
  try {
    execFileSync('dd', ['if=/dev/zero', `of=${file}`, 'bs=4k'], { stdio: 'ignore' });
  } catch {
    // It ends so.
  }
}

/** As a machine that loses its power: all that belongs to the state folder, the watcher first. */
function killAll(rig) {
  const own = `\0ORCH_STATE_DIR=${rig.state}\0`;
  for (let round = 0; round < 3; round += 1) {
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid === process.pid || !isAlive(pid)) continue;
      if (`\0${textOf(`/proc/${pid}/environ`)}`.includes(own) || textOf(`/proc/${pid}/cmdline`).includes(rig.state)) {
        process.kill(pid, 'SIGKILL');
      }
    }
  }
}

/** Does what systemd does with the one unit of a folder. */
function startUnit(folder) {
  const [name] = readdirSync(folder).filter((file) => file.endsWith('.service'));
  const lines = readFileSync(path.join(folder, name), 'utf8').split('\n');
  const all = (key) =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1).replaceAll('"', ''));
  const env = Object.fromEntries(all('Environment').map((each) => each.split(/=(.*)/s, 2)));
  execFileSync('/bin/sh', ['-c', all('ExecStart')[0]], { env, stdio: 'pipe' });
}

function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has just gone
  }
}
