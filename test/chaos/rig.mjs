// An embedded service of its own, and the ways to hurt it.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/orch.js', import.meta.url));

export class Rig {
  root = mkdtempSync(path.join(os.tmpdir(), 'orch-chaos-'));
  state = path.join(this.root, 'state');
  env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ORCH_|TEMPORAL_)/.test(name))),
    ...(process.env.ORCH_CACHE_DIR && { ORCH_CACHE_DIR: process.env.ORCH_CACHE_DIR }),
    ORCH_STATE_DIR: this.state,
    // What is killed is to stay dead until the rig starts it.
    ORCH_WATCHER: 'off',
    NO_COLOR: '1',
  };

  /**
   * Calls the built command line, and resolves to what it prints; `progress` has then what it said meanwhile. Rejects with
   * both where it fails.
   */
  orch(...args) {
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [BIN, ...args], { env: this.env, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
        this.progress = stderr;
        if (error) reject(new Error(`orch ${args.join(' ')}: ${error.code}\n${stdout}${stderr}`));
        else resolve(stdout);
      });
    });
  }

  /** A folder for the files of a run. */
  folder(id) {
    const dir = path.join(this.root, 'work', id);
    mkdirSync(dir, { recursive: true });
    return dir;
  }

  async start(id, plan) {
    const file = path.join(this.folder(id), 'plan.json');
    writeFileSync(file, JSON.stringify(plan));
    await this.orch('start', file, '--id', id);
  }

  /** @param who `worker` or `server` */
  async kill9(who) {
    const { pid } = this.service()[who];
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      return; // it has gone by itself
    }
    await until(`the ${who} is gone`, () => !isAlive(pid));
  }

  service() {
    return JSON.parse(readFileSync(path.join(this.state, 'service', 'service.json'), 'utf8'));
  }

  /** Text of a file in a run's folder; empty where there is none. */
  record(id, name) {
    const file = path.join(this.state, 'runs', id, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  manifest(id) {
    const text = this.record(id, 'manifest.json');
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Lines that steps have left in a file of their run's folder. */
  lines(id, name) {
    const file = path.join(this.folder(id), name);
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  }

  /** The live processes of this state folder's steps, with their marks. */
  processes() {
    const own = `\0ORCH_STATE_DIR=${this.state}\0`;
    return readdirSync('/proc').flatMap((pid) => {
      if (!/^\d+$/.test(pid) || !isAlive(Number(pid))) return [];
      const environment = environOf(pid);
      const mark = /\0ORCH_PROCESS_MARK=([^\0]*)\0/.exec(environment)?.[1];
      const [step, run] = ['STEP', 'RUN'].map((of) => new RegExp(`\0ORCH_${of}_ID=([^\0]*)\0`).exec(environment)?.[1]);
      return mark !== undefined && environment.includes(own) ? [{ pid: Number(pid), mark, step, run }] : [];
    });
  }

  /** The folder of the last generation of a step of a run, once it has been claimed; and its wrapper. */
  generation(run, step) {
    const attempts = path.join(this.state, 'attempts');
    for (const name of readdirSync(attempts)) {
      const owner = path.join(attempts, name, 'owner.json');
      if (!existsSync(owner)) continue;
      const { run_id, step_id } = JSON.parse(readFileSync(owner, 'utf8'));
      if (run_id !== run || step_id !== step) continue;
      const last = Math.max(
        ...readdirSync(path.dirname(owner)).map((g) => (/^g\d+$/.test(g) ? Number(g.slice(1)) : -1)),
      );
      const dir = path.join(attempts, name, `g${last}`);
      const state = path.join(dir, 'state');
      const claim = existsSync(state) && /^run (\d+) .*\n/.exec(readFileSync(state, 'utf8'));
      return claim ? { dir, index: last, pid: Number(claim[1]) } : undefined;
    }
    return undefined;
  }

  async close() {
    await this.orch('down').catch(() => {});
    for (const who of ['worker', 'server']) await this.kill9(who).catch(() => {});
    for (const { pid } of this.processes()) process.kill(pid, 'SIGKILL');
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Polls until `probe` gives a value that counts as true. */
export async function until(what, probe, deadlineMs = 30_000) {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (performance.now() > end) throw new Error(`it did not happen within ${deadlineMs} ms: ${what}`);
    await sleep(20);
  }
}

/** Whether a process exists and is no zombie. */
export function isAlive(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !'ZX'.includes(stat[stat.lastIndexOf(')') + 2]);
  } catch {
    return false;
  }
}

function environOf(pid) {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`;
  } catch {
    return '';
  }
}
