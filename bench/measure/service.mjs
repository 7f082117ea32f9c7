// An embedded service of its own, and beside it, on the same server, the worker of the handwritten workflow. Runs shapes of
// work on either and says what they have cost.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { findTemporalBinary } from '../../dist/service/index.js';
import { Rig } from '../../test/chaos/rig.mjs';
import { planOf } from '../shapes.mjs';
import { diskOf } from './disk.mjs';
import { historiesOf } from './histories.mjs';
import { cpuBelow, cpuOf, cpuOfChildren, peakMb, pidsBelow, resetPeak } from './processes.mjs';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const BIN = here('../../bin/orch.js');
const START_MANY = here('../start-many.mjs');
const WORKER = here('../handwritten/worker.mjs');
const START = here('../handwritten/start.mjs');
const PRELOAD = here('../profile/preload.cjs');

/** A run's work is done when its processes need less of a core than this for a while; milliseconds. */
const REST = { share: 0.05, window: 500, patience: 20_000 };

/** Who can do the work of a shape: orch, by hand with processes, and by hand with steps that do nothing. */
export const CONTENDERS = ['orch', 'handwritten', 'floor'];

export class BenchService {
  rig = new Rig();
  #count = 0;
  #worker;
  #client;

  /** @param profile a folder for profiles of orch's worker, where some are wanted */
  static async start({ profile } = {}) {
    const service = new BenchService();
    for (const signal of ['SIGINT', 'SIGTERM']) leaveBy(signal, service);
    try {
      await service.#start(profile);
      return service;
    } catch (error) {
      await service.close();
      throw error;
    }
  }

  async #start(profile) {
    await findTemporalBinary({ env: process.env, onProgress: (line) => process.stderr.write(`${line}\n`) });
    this.rig.env = fixedEnv(this.rig.env);
    if (profile === undefined) await this.rig.orch('up');
    else await this.#upProfiled(path.resolve(profile));
    const { address } = this.rig.service().server;
    this.#worker = spawn(process.execPath, [WORKER, address], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: this.rig.env,
    });
    await Promise.race([once(this.#worker.stdout, 'data'), once(this.#worker, 'exit').then(neverReady)]);
    this.#client = new Client({ connection: await Connection.connect({ address }) });
  }

  async #upProfiled(folder) {
    mkdirSync(folder, { recursive: true });
    const { env } = this.rig;
    this.rig.env = { ...env, NODE_OPTIONS: `--require=${JSON.stringify(PRELOAD)}`, BENCH_PROFILE_DIR: folder };
    await this.rig.orch('up');
    this.rig.env = env;
  }

  /** The processes that do a contender's work. */
  #pids(contender) {
    const { worker, server } = this.rig.service();
    return { worker: contender === 'orch' ? worker.pid : this.#worker.pid, server: server.pid };
  }

  /** Temporal's version. */
  get temporal() {
    return this.rig.service().server.version;
  }

  /**
   * Has a contender do the work of a shape once.
   *
   * @returns seconds for the whole command, and per step CPU in ms, events and bytes of history, files and KB on the disk
   */
  async measure(contender, shape) {
    const command = this.#command(contender, shape);
    const pids = this.#pids(contender);
    await rest(pids);
    for (const pid of Object.values(pids)) resetPeak(pid);
    const before = cpuNow(pids);
    const began = performance.now();
    await run(command, this.rig);
    const seconds = (performance.now() - began) / 1000;
    await rest(pids);
    const after = cpuNow(pids);
    const peak = { worker: peakMb(pids.worker), server: peakMb(pids.server) };
    const kept = this.#disk(command.ids);
    const histories = await historiesOf(this.#client, command.ids);
    const steps = shape.runs * shape.steps;
    const cpu = (who) => ((after[who] - before[who]) * 1000) / steps;
    const perStep = (count) => count / steps;
    return {
      wall_s: seconds,
      step_ms: (seconds * 1000) / steps,
      cpu_ms: cpu('worker') + cpu('steps') + cpu('server') + cpu('client'),
      cpu_worker_ms: cpu('worker'),
      cpu_steps_ms: cpu('steps'),
      cpu_server_ms: cpu('server'),
      cpu_client_ms: cpu('client'),
      worker_mb: peak.worker,
      server_mb: peak.server,
      events: perStep(histories.events),
      bytes: perStep(histories.bytes),
      ...(contender === 'orch' && { files: perStep(kept.files), kb: perStep(kept.kb) }),
    };
  }

  /** Has orch do the work of a shape, and nothing else is measured meanwhile. */
  async runOrch(shape) {
    await run(this.#command('orch', shape), this.rig);
  }

  /** The worker of orch, and what it has started. */
  orchPids() {
    const { pid } = this.rig.service().worker;
    return [pid, ...pidsBelow(pid)];
  }

  /** @returns milliseconds from a command to the start of its first step's process */
  async startUp(contender) {
    const id = this.#nextId('first', contender);
    const mark = path.join(this.rig.root, id);
    const plan = { plan_id: 'first', version: '1.0', steps: [{ id: 'first', command: 'touch', args: [mark] }] };
    const work = { kind: 'first', steps: 1, concurrency: 1, step: 'touch', args: [mark] };
    const command = contender === 'orch' ? this.#orch(plan, id) : this.#handwritten(work, id, 1);
    const began = performance.timeOrigin + performance.now();
    await run(command, this.rig);
    return statSync(mark).mtimeMs - began;
  }

  async down() {
    await this.rig.orch('down');
  }

  async close() {
    await this.#client?.connection.close();
    this.#worker?.stdin.end();
    if (this.#worker?.exitCode === null) await once(this.#worker, 'exit');
    await this.rig.close();
  }

  #command(contender, shape) {
    const id = this.#nextId(shape.name.replace('@', '-'), contender);
    if (contender === 'orch') return this.#orch(planOf(shape), id, shape.runs);
    const { kind, steps, concurrency } = shape;
    const step = contender === 'floor' ? 'nothing' : 'true';
    return this.#handwritten({ kind, steps, concurrency, step }, id, shape.runs);
  }

  #orch(plan, id, runs = 1) {
    const file = path.join(this.rig.folder(plan.plan_id), 'plan.json');
    writeFileSync(file, JSON.stringify(plan));
    const args = runs === 1 ? [BIN, 'run', file, '--id', id, '--quiet'] : [START_MANY, file, id, String(runs)];
    return { args, ids: idsOf(id, runs) };
  }

  #handwritten(work, id, runs) {
    const { address } = this.rig.service().server;
    return { args: [START, address, 'handwritten', id, String(runs), JSON.stringify(work)], ids: idsOf(id, runs) };
  }

  /** All ids are equally long, for they are in histories. */
  #nextId(shape, contender) {
    this.#count += 1;
    return `${shape}-${contender[0]}${String(this.#count).padStart(3, '0')}`;
  }

  /** What stays of runs. The folders of their tries go within a minute after. */
  #disk(ids) {
    const all = ids.map((id) => diskOf(path.join(this.rig.state, 'runs', id)));
    return { files: sum(all, 'files'), kb: sum(all, 'kb') };
  }
}

/** Steps inherit it and histories hold it, so it is the same everywhere. */
function fixedEnv(env) {
  const own = Object.entries(env).filter(([name]) => name.startsWith('ORCH_') || name === 'XDG_CACHE_HOME');
  const { HOME } = process.env;
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', HOME, NO_COLOR: '1', ...Object.fromEntries(own) };
}

function sum(all, name) {
  return all.reduce((total, each) => total + each[name], 0);
}

function idsOf(id, runs) {
  return runs === 1 ? [id] : Array.from({ length: runs }, (_, i) => `${id}-${i}`);
}

/** Runs a program of Node to its end. @throws Error where it fails, with what it has said */
async function run({ args }, { env, root }) {
  const child = spawn(process.execPath, args, { env, cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${path.basename(args[0])} has failed: ${said.slice(-2000)}`);
}

function cpuNow({ worker, server }) {
  return { worker: cpuOf(worker), steps: cpuBelow(worker), server: cpuOf(server), client: cpuOfChildren() };
}

/** Waits until nothing is left to do: what is done after the end of a run is part of its price. */
async function rest(pids) {
  const busy = () => cpuOf(pids.worker) + cpuBelow(pids.worker) + cpuOf(pids.server);
  const deadline = performance.now() + REST.patience;
  for (let before = busy(); performance.now() < deadline;) {
    await sleep(REST.window);
    const now = busy();
    if ((now - before) * 1000 < REST.share * REST.window) return;
    before = now;
  }
}

/** Leaves nothing running where somebody interrupts it. */
function leaveBy(signal, service) {
  process.once(signal, () => void service.close().finally(() => process.kill(process.pid, signal)));
}

function neverReady([code]) {
  throw new Error(`the worker of the handwritten workflow has ended with exit code ${code}`);
}
