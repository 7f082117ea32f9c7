// Other tools that run the same work. Each has a file that writes the work in the tool's own form and says how it is run:
//   { name, needs: a command, kinds?, prepare({ command, folder, shape }) → { file, args, env },
//     serve?({ command, folder, shape, address }) → { pids, close() } }
// Where a tool has a server or a worker, `serve` starts it before the time is taken.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cpuBelow, cpuOf, cpuOfChildren } from '../measure/processes.mjs';
import { dagu } from './dagu.mjs';
import { dbos } from './dbos.mjs';
import { goTask } from './go-task.mjs';
import { prefect } from './prefect.mjs';
import { restate } from './restate.mjs';
import { snakemake } from './snakemake.mjs';
import { zigflow } from './zigflow.mjs';

const ALL = [goTask, dagu, zigflow, restate, dbos, prefect, snakemake];

const KINDS = ['chain', 'fan', 'layered'];

/** The peers whose commands are on PATH; `say` hears of the others. */
export function presentPeers(service, say) {
  const { address } = service.rig.service().server;
  return ALL.flatMap((peer) => {
    const command = onPath(peer.needs);
    if (command === undefined) say(`${peer.name} is left out: '${peer.needs}' is not on PATH`);
    return command === undefined ? [] : [new Peer(peer, command, address, say)];
  });
}

class Peer {
  #folder = mkdtempSync(path.join(os.tmpdir(), 'orch-bench-peer-'));
  #count = 0;
  #about;
  #command;
  #address;
  #say;

  constructor(about, command, address, say) {
    [this.#about, this.#command, this.#address, this.#say] = [about, command, address, say];
  }

  get name() {
    return this.#about.name;
  }

  can({ kind }) {
    return (this.#about.kinds ?? KINDS).includes(kind);
  }

  /**
   * Has the peer do the work of a shape once, in a folder where it has never been.
   *
   * @returns seconds for the whole command, and CPU per step in ms; nothing where it fails, which is said
   */
  async measure(shape) {
    const folder = path.join(this.#folder, String((this.#count += 1)));
    mkdirSync(folder);
    const given = { command: this.#command, folder, shape, address: this.#address };
    let served;
    try {
      served = await this.#about.serve?.(given);
      return await timed(this.#about.prepare(given), folder, shape.steps, served?.pids ?? []);
    } catch (error) {
      this.#say(`${this.name} has failed: ${error.message}`);
      return { wall_s: Number.NaN, step_ms: Number.NaN, cpu_ms: Number.NaN };
    } finally {
      await served?.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  close() {
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function timed({ file, args, env }, cwd, steps, pids) {
  const cpu = () => cpuOfChildren() + pids.reduce((sum, pid) => sum + cpuOf(pid) + cpuBelow(pid), 0);
  const before = cpu();
  const began = performance.now();
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-2000)));
  }
  const [code] = await once(child, 'close');
  const wall = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`exit code ${code}: ${said.trim()}`);
  return { wall_s: wall, step_ms: (wall * 1000) / steps, cpu_ms: ((cpu() - before) * 1000) / steps };
}

function onPath(name) {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, name))
    .find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
