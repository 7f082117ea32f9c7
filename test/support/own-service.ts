import { readdirSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect } from 'vitest';
import { identify } from '../../src/host/process-identity.js';
import { readSigningKey } from '../../src/service/signing-key.js';
import { createPayloadCodec, payloadCodec } from '../../src/temporal/payload-codec.js';
import { sealedCalls } from '../../src/temporal/sealed-calls.js';
import { callCli, runCli, type CliResult } from './cli.js';
import { eventually } from './eventually.js';
import { tempDir, uniqueId, writePlan } from './plans.js';

/** What a worker needs at most to see that another one is lost: the heartbeat timeout, and a slow machine. */
export const TAKE_OVER_MS = 60_000;

interface ServiceFile {
  server: { pid: number; address: string };
  worker: { pid: number };
}

/** A run as `--json` prints it. */
export interface RunJson {
  status: string;
  steps: { id: string; status: string; reason: string | null; attempts: number; exit_code: number | null }[];
}

/** Calls the CLI. */
export type Orch = (...args: string[]) => Promise<CliResult>;

/** A service of a test's own, whose worker it may kill. */
export class OwnService {
  readonly state = tempDir();
  readonly dir = tempDir();
  /** Ids of the runs that were started. */
  readonly runs: string[] = [];
  client!: Client;
  readonly orch: Orch = (...args) => {
    const call = args[0] === 'up' || args[0] === 'down' ? runCli : callCli;
    return call(args, { cwd: this.dir, env: { ORCH_STATE_DIR: this.state } });
  };

  async up(): Promise<void> {
    await this.orch('up');
    const connection = await Connection.connect({ address: this.service().server.address });
    this.client = new Client({ connection, dataConverter: { payloadCodecs: [payloadCodec] } });
  }

  /** A client that signs as the command line does; the other one is anybody's. */
  signedClient(): Client {
    return new Client({
      connection: this.client.connection,
      dataConverter: { payloadCodecs: [createPayloadCodec(readSigningKey(this.state))] },
      interceptors: { workflow: [sealedCalls()] },
    });
  }

  async down(...args: string[]): Promise<CliResult> {
    await this.client.connection.close();
    return this.orch('down', ...args);
  }

  service(): ServiceFile {
    return JSON.parse(readFileSync(path.join(this.state, 'service', 'service.json'), 'utf8')) as ServiceFile;
  }

  async killWorker(): Promise<void> {
    const { pid } = this.service().worker;
    process.kill(pid, 'SIGKILL');
    // With all of its threads: until then orch takes it for alive.
    await eventually('the worker is gone', () => identify(pid) === undefined);
  }

  /** Starts a plan of steps that are lines of shell, and gives the run's id and a folder for its files. */
  async start(
    prefix: string,
    steps: (files: string) => Record<string, unknown>[],
    { call = this.orch, more = {} }: { call?: Orch; more?: Record<string, unknown> } = {},
  ): Promise<{ id: string; files: string }> {
    const id = uniqueId(prefix);
    const files = path.join(this.dir, id);
    const plan = { globals: { cwd: files }, steps: steps(files).map((step) => ({ shell: true, ...step })), ...more };
    const { code, stderr } = await call('start', writePlan(files, plan), '--id', id);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
    this.runs.push(id);
    return { id, files };
  }

  async ended(id: string, call: Orch = this.orch): Promise<RunJson> {
    return JSON.parse((await call('watch', id, '--json')).stdout) as RunJson;
  }

  /** Ends what the runs have left running. */
  killLeftovers(): void {
    for (const run of this.runs.splice(0)) for (const pid of processesOf(run)) process.kill(pid, 'SIGKILL');
  }
}

/** A run's end and its steps', in short. */
export function essence({ status, steps }: RunJson): unknown[] {
  return [status, ...steps.map((step) => [step.id, step.status, step.reason])];
}

/** What a file holds; empty where there is none. */
export function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** A line of shell that waits for a file. */
export function waitFor(file: string): string {
  return `until [ -e '${file}' ]; do sleep 0.05; done`;
}

/** The live processes of a run's steps, without those that copy their output and end after them. */
export function processesOf(run: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const environment = `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`;
      return /\0ORCH_PROCESS_MARK=(?![^\0]*\/copy\0)/.test(environment) &&
        environment.includes(`\0ORCH_RUN_ID=${run}\0`)
        ? [Number(pid)]
        : [];
    } catch {
      return [];
    }
  });
}
