// One unattended night: a loop of six agents, whose turns end in every way that agents know, while workers and the server are killed.
//   node test/night/night.mjs [--turns 200] [--kills 12] [--seed N] [--calm 0.6] [--minutes 90] [--keep]
// The script knows how each turn ends (script.mjs), and checks that orch says the same, that nothing is run that was
// not to be run, and that nothing waits without saying for what. Exits 1 where anything is wrong.
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Rig } from '../chaos/rig.mjs';
import { checkNight } from './checks.mjs';
import { AGENTS, writeNight } from './script.mjs';

const { values: options } = parseArgs({
  options: {
    turns: { type: 'string', default: '200' },
    /** Disasters of worker and server, spread over the turns. */
    kills: { type: 'string', default: '12' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** Share of the turns in which nothing happens. */
    calm: { type: 'string', default: '0.6' },
    /** The loop is stopped after as long, and what has ended until then is checked. */
    minutes: { type: 'string', default: '90' },
    /** Leaves all files where they are. */
    keep: { type: 'boolean', default: false },
  },
});

const FAKE = fileURLToPath(new URL('../agents/fakes/fake-agent.mjs', import.meta.url));
const LOOP = 'night';
/** Nothing new for so long, with everything up and no agent at work, must have a reason. */
const STANDS_STILL_MS = 60_000;
const LOOK_MS = 1000;
/** A turn, its waits and a disaster take less. */
const LAST_TURN_MS = 5 * 60_000;

const random = mulberry32(Number(options.seed));
const rig = new Rig();
const dir = rig.folder(LOOP);
const fakes = path.join(dir, '.fakes');
const night = writeNight({
  turns: Number(options.turns),
  random,
  marks: path.join(fakes, 'marks'),
  calm: Number(options.calm),
});
/** @type {{ records: Map<string, any>, failures: number, waits: Set<string>, wrong: [string, string][] } & Record<string, any>} */
const seen = { records: new Map(), failures: 0, waits: new Set(), wrong: [] };
const began = performance.now();

layOut();
say(`seed ${options.seed}, ${night.length} turns, state folder ${rig.state}`);
try {
  await rig.orch('up');
  await startLoop();
  await watchOver();
  const starts = startsOf();
  seen.starts = starts.length;
  checkNight({ rig, night: night.slice(0, seen.turns), seen, dir, starts, loop: LOOP });
} catch (error) {
  seen.wrong.push(['night', error.stack]);
} finally {
  if (options.keep) await rig.orch('down').catch(() => {});
  else await rig.close();
}
report();
process.exitCode = seen.wrong.length === 0 ? 0 : 1;

/** The loop's folder, the fake agents, and what they do in each turn. */
function layOut() {
  for (const name of ['marks', 'steps', 'bin']) mkdirSync(path.join(fakes, name), { recursive: true });
  mkdirSync(path.join(dir, 'prompts'), { recursive: true });
  for (const name of new Set(Object.values(AGENTS))) symlinkSync(FAKE, path.join(fakes, 'bin', name));
  for (const name of Object.keys(AGENTS)) writeFileSync(path.join(dir, 'prompts', name), `${name}\nDo it.\n`);
  for (const { id, says, router } of night) {
    writeStep(id, says);
    if (router !== undefined) writeStep(`${id}.router`, router.says);
  }
  const prompts = Object.entries(AGENTS).map(([name, agent]) => `    ${name}: ${agent}`);
  writeFileSync(
    path.join(dir, 'orchestration.yaml'),
    `router: {enabled: true, prompt: router.md, review_every_n: 5, allowlist: [${Object.keys(AGENTS).join(', ')}]}
agent:
  prompts:
${prompts.join('\n')}
agents:
  plain: {command: plain}
  json: {command: json, events: json, env: {FAKE_EVENTS: json}}
`,
  );
}

function writeStep(id, says) {
  writeFileSync(path.join(fakes, 'steps', id), `${says.join('\n')}\n`);
}

async function startLoop() {
  const env = {
    PATH: `${path.join(fakes, 'bin')}${path.delimiter}${process.env.PATH}`,
    FAKE_LOG: path.join(fakes, 'starts.ndjson'),
    FAKE_STEPS: path.join(fakes, 'steps'),
  };
  Object.assign(rig.env, env);
  const taken = Object.keys(env).flatMap((name) => ['--env', name]);
  const iterations = String(Math.ceil(night.length / 2));
  const file = path.join(dir, 'orchestration.yaml');
  await rig.orch('loop', 'start', file, '--id', LOOP, '--max-iterations', iterations, ...taken);
}

/** Looks at the loop until it is over: resumes it where it has failed, and lets a disaster happen now and then. */
async function watchOver() {
  const disasters = plannedDisasters();
  const morning = Number(options.minutes) * 60_000;
  let news = { at: performance.now(), of: '' };
  let stopped = false;
  while (performance.now() - began < morning + LAST_TURN_MS) {
    if (disasters[0]?.after <= seen.records.size) {
      await disaster(disasters.shift());
      news = { at: performance.now(), of: '' };
    }
    const now = await status();
    if (now === undefined) throw new Error('orch loop status does not answer, with worker and server up');
    for (const record of now.recent_turns) seen.records.set(record.seq, record);
    if (now.view.waits_for !== undefined) seen.waits.add(now.view.waits_for.replace(/until .*/, 'until …'));
    seen.turns = now.view.turns;
    if (now.service_status === 'completed') return;
    if (now.service_status === 'failed') {
      await afterFailure(now.view);
      stopped = false;
    } else if (!stopped && performance.now() - began > morning) {
      await rig.orch('loop', 'stop', LOOP);
      stopped = true;
    }
    const of = JSON.stringify([now.view.last_seq, now.view.step_id, now.view.phase, now.view.waits_for, seen.failures]);
    if (of !== news.of) news = { at: performance.now(), of };
    else standsStill(now, performance.now() - news.at);
    await sleep(LOOK_MS);
  }
  throw new Error('the night has not ended');
}

/** What waits says for what, and where nothing is said an agent is at work. */
function standsStill({ view, waits_for_worker: worker }, ms) {
  if (ms < STANDS_STILL_MS || view.waits_for !== undefined || worker !== undefined) return;
  if (rig.processes().some(({ run }) => run === LOOP)) return;
  throw new Error(`nothing has happened for ${Math.round(ms / 1000)} s, and nobody says why: ${JSON.stringify(view)}`);
}

/** Somebody looks in the morning, and goes on. */
async function afterFailure({ failure }) {
  seen.failures += 1;
  const { status: said } = JSON.parse(readFileSync(path.join(dir, 'sync', 'state.json'), 'utf8'));
  if (said !== 'failed') seen.wrong.push(['state', `${failure.message}: state.json says ${said}`]);
  await rig.orch('loop', 'resume', LOOP);
}

async function status() {
  for (let tries = 0; tries < 60; tries += 1) {
    const text = await rig.orch('loop', 'status', LOOP, '--json').catch(() => '');
    const now = text === '' ? undefined : JSON.parse(text);
    if (now?.view !== undefined) return now;
    await sleep(1000);
  }
  return undefined;
}

function plannedDisasters() {
  const ways = ['worker', 'server', 'both', 'deploy'];
  const after = Array.from({ length: Number(options.kills) }, () => Math.floor(random() * night.length));
  return after.sort((a, b) => a - b).map((turns, i) => ({ after: turns, way: ways[i % ways.length] }));
}

async function disaster({ after, way }) {
  await sleep(random() * 1000);
  say(`after ${after} turns: ${way}`);
  seen[way] = (seen[way] ?? 0) + 1;
  if (way === 'deploy') await rig.orch('down');
  else await Promise.all((way === 'both' ? ['server', 'worker'] : [way]).map((who) => rig.kill9(who)));
  await sleep(random() * 1500);
  await rig.orch('up');
}

function startsOf() {
  const file = path.join(fakes, 'starts.ndjson');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  return lines.map((line) => JSON.parse(line));
}

function report() {
  const ways = {};
  const over = night.slice(0, seen.turns);
  for (const { way } of over) ways[way] = (ways[way] ?? 0) + 1;
  const rows = [
    ['turns', seen.turns ?? 0],
    ...Object.entries(ways).map(([way, count]) => [`  ${way}`, count]),
    ['router failures', over.filter(({ router }) => (router?.records.length ?? 0) > 0).length],
    ['starts of agents', seen.starts ?? 0],
    ['ends that orch told', seen.records.size],
    ['failures, each resumed', seen.failures],
    ...['worker', 'server', 'both', 'deploy'].map((way) => [`disasters: ${way}`, seen[way] ?? 0]),
    ...[...seen.waits].map((reason) => [`waited for ${reason}`, '']),
    ['seconds', Math.round((performance.now() - began) / 1000)],
    ['wrong', seen.wrong.length],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, number] of rows) process.stdout.write(`${name.padEnd(width)}  ${String(number).padStart(6)}\n`);
  for (const [check, line] of seen.wrong) process.stdout.write(`WRONG (${check}) ${line}\n`);
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
