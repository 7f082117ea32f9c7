// Kills the worker, the server and steps at random times, and checks that nothing is lost, doubled or left behind.
//   node test/chaos/chaos.mjs [--rounds 20] [--victims 10] [--seed N] [--within 5000] [--long-outages] [--history-events N] [--keep]
// Exits 1 where anything is wrong. The seed says who is hit and when; what was hit then is up to the machine.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { checkRun, checkVictims } from './checks.mjs';
import { servicesPlan, VICTIMS, victimsPlan } from './plan.mjs';
import { isAlive, Rig, until } from './rig.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    victims: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** Milliseconds from the start of a run to what happens to it, at most. */
    within: { type: 'string', default: '5000' },
    /** Some outages take longer than the heartbeat timeout of a step. */
    'long-outages': { type: 'boolean', default: false },
    /** Events after which runs go on in new histories: some 40 make several of each. */
    'history-events': { type: 'string' },
    /** Leaves all files where they are. */
    keep: { type: 'boolean', default: false },
  },
});

/** A run takes some five seconds by itself, and a lost worker is noticed after ten. */
const RUN_DEADLINE_MS = 180_000;
/** A killed step is found lost within as long, while a worker is there. */
const LOST_MS = 2000;
/** Rounds that go on side by side: one begins while those before it still recover. */
const MAX_OPEN = 4;

const random = mulberry32(Number(options.seed));
const between = (low, high) => low + random() * (high - low);
const pick = (items) => items[Math.floor(random() * items.length)];
const rig = new Rig();
if (options['history-events'] !== undefined) rig.env.ORCH_TEST_HISTORY_EVENTS = options['history-events'];
const counts = {};
const violations = [];
const count = (what, by = 1) => (counts[what] = (counts[what] ?? 0) + by);

const disasters = {
  'kill -9 of the worker': () => rig.kill9('worker'),
  'kill -9 of the server': () => rig.kill9('server'),
  'deploy (SIGTERM)': () => rig.orch('down'),
  'kill -9 of both': () => Promise.all([rig.kill9('server'), rig.kill9('worker')]),
};

say(`seed ${options.seed}, state folder ${rig.state}`);
try {
  await rig.orch('up');
  let open = await hitServices(Number(options.rounds));
  await hitSteps(Number(options.victims));
  while (open.length > 0) open = await settle(open);
  await rig.orch('up');
  const left = rig.processes();
  if (left.length > 0) violate('processes', `left behind: ${JSON.stringify(left)}`);
} catch (error) {
  violate('chaos', error.stack);
} finally {
  if (options.keep) await rig.orch('down').catch(() => {});
  else await rig.close();
}
report();
process.exitCode = violations.length === 0 ? 0 : 1;

/** @returns the runs that have not been checked yet. */
async function hitServices(rounds) {
  const names = shuffledRounds(Object.keys(disasters), rounds);
  let open = [];
  for (const [i, name] of names.entries()) {
    const id = `services-${i + 1}`;
    await rig.start(id, servicesPlan(rig.folder(id)));
    const delay = between(0, Number(options.within));
    const outage = options['long-outages'] && random() < 0.25 ? between(9000, 14_000) : between(0, 1500);
    await sleep(delay);
    say(`${id}: ${name} after ${Math.round(delay)} ms, away for ${Math.round(outage)} ms`);
    await disasters[name]();
    await sleep(outage);
    await rig.orch('up');
    count(`rounds: ${name}`);
    open.push(id);
    if (open.length >= MAX_OPEN) open = await settle(open);
  }
  return open;
}

/** Waits for the oldest run, and checks it. */
async function settle([id, ...rest]) {
  await finished(id);
  const wrong = checkRun(rig, id);
  if ((await rig.orch('export', id, '--events')) !== rig.record(id, 'events.ndjson')) {
    wrong.events.push('events.ndjson is not what history tells');
  }
  tell(id, wrong);
  count('runs');
  count('steps', rig.manifest(id).steps.length);
  count('side effects', rig.lines(id, 'effects').length);
  return rest;
}

async function hitSteps(rounds) {
  for (let i = 0; i < rounds; i += 1) {
    const id = `victims-${i + 1}`;
    await rig.start(id, victimsPlan(rig.folder(id)));
    const killed = [];
    for (const step of Object.keys(VICTIMS)) {
      const way = pick(['wrapper', 'group']);
      const begun = () => rig.lines(id, 'effects').some((line) => line.startsWith(`${step} `));
      const generation = await until(`${step} of ${id} runs`, () => begun() && rig.generation(id, step));
      await sleep(between(0, 400));
      const took = await killStep(generation, way);
      killed.push(step);
      count(`kills of a ${way}`);
      counts['slowest loss, ms'] = Math.max(counts['slowest loss, ms'] ?? 0, took);
      say(`${id}: kill -9 of the ${way} of ${step}, found lost after ${took} ms`);
      if (took > LOST_MS) violate('losses', `${id}: ${step} was found lost after ${took} ms`);
    }
    await finished(id);
    tell(id, checkVictims(rig, id, killed));
    count('runs with killed steps');
  }
}

/** Kills a step's wrapper, or its group with it; gives the milliseconds until the loss is known and all of it is gone. */
async function killStep({ dir, pid, index }, way) {
  const { mark } = rig.processes().find((found) => found.pid === pid);
  const since = performance.now();
  process.kill(way === 'group' ? -pid : pid, 'SIGKILL');
  await until(`${dir} is found lost`, () => existsSync(path.join(dir, 'lost.json')));
  const took = Math.round(performance.now() - since);
  const left = rig.processes().filter((found) => found.mark === mark && isAlive(found.pid));
  if (left.length > 0) violate('processes', `of the lost generation ${index} there is still ${JSON.stringify(left)}`);
  return took;
}

async function finished(id) {
  const isOver = () => ['succeeded', 'failed', 'canceled', 'terminated'].includes(rig.manifest(id)?.status);
  await until(`${id} ends`, isOver, RUN_DEADLINE_MS);
}

function tell(id, wrong) {
  for (const [check, lines] of Object.entries(wrong)) for (const line of lines) violate(check, `${id}: ${line}`);
}

function violate(check, line) {
  violations.push(check);
  say(`WRONG (${check}) ${line}`);
}

function report() {
  const rows = Object.entries(counts);
  const checks = ['effects', 'logs', 'ends', 'attempts', 'events', 'run', 'processes', 'losses', 'chaos'];
  for (const check of checks) rows.push([`violations: ${check}`, violations.filter((name) => name === check).length]);
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, number] of rows) process.stdout.write(`${name.padEnd(width)}  ${String(number).padStart(6)}\n`);
}

/** Each disaster equally often, in random order. */
function shuffledRounds(names, rounds) {
  const all = Array.from({ length: rounds }, (_, i) => names[i % names.length]);
  for (let i = all.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

/** A small generator of random numbers from 0 to 1 that a seed decides. */
function mulberry32(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
