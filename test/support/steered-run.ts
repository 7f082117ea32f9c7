import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { callCli, REPO, type CliResult } from './cli.js';
import { eventually } from './eventually.js';
import { fakeAgents } from './fake-agents.js';
import type { RunJson } from './own-service.js';

/** The recorded runs that have a folder: their plan, what steers them, and what came of it. */
export const HISTORIES = path.join(REPO, 'test', 'histories');

/**
 * How a run is brought to where it is open and waits, and from there to its end. `npm run history` records it so, and
 * the test of upgrades steers a run by it that one build begins and another one ends.
 */
export interface Steering {
  /** The state that the run is open in, to be read as `a run …`. */
  what: string;
  /** Builds in `builds/` that can begin it. */
  builds: readonly string[];
  /** Variables that it is recorded with. */
  env?: Readonly<Record<string, string>>;
  /** Starts it. Default: `orch start plan.yaml`. */
  start?: (run: SteeredRun) => Promise<unknown>;
  /** Waits until it is where its first history is taken. */
  open: (run: SteeredRun) => Promise<unknown>;
  /** Steers it to its end. */
  end: (run: SteeredRun) => Promise<unknown>;
  /** What `orch watch RUN --json` then says of it: the status of the run, or of the loop. */
  ends: string;
  /** Workflow ids of what else is recorded with it, by name: locks, sub-plans. */
  besides?: (run: SteeredRun) => Promise<Record<string, string>>;
}

/** Names of the recorded runs that have a folder. */
export function steeredHistories(): string[] {
  return readdirSync(HISTORIES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'builds')
    .map((entry) => entry.name)
    .sort();
}

export async function steeringOf(name: string): Promise<Steering> {
  const file = new URL(`../histories/${name}/steer.ts`, import.meta.url);
  return ((await import(/* @vite-ignore */ fileURLToPath(file))) as { default: Steering }).default;
}

/** Calls orch; the default is the one of this checkout. */
export type CallOrch = typeof callCli;

/** A run that is steered, in a folder of its own with copies of its plans, and with fake agents on its PATH. */
export class SteeredRun {
  private readonly env: Record<string, string | undefined>;

  constructor(
    readonly name: string,
    readonly id: string,
    readonly dir: string,
    stateDir: string,
    /** Another build may take over in mid-run. */
    public call: CallOrch = callCli,
  ) {
    cpSync(path.join(HISTORIES, name), dir, { recursive: true, filter: (file) => !/\.(ts|json)$/.test(file) });
    mkdirSync(dir, { recursive: true });
    this.env = plainEnv(dir, stateDir);
  }

  /** Calls orch and expects that it goes well. */
  readonly orch = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await this.tries(...args);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
    return stdout;
  };

  /** Calls orch, whatever comes of it. */
  readonly tries = (...args: string[]): Promise<CliResult> => this.call(args, { cwd: this.dir, env: this.env });

  start(plan = 'plan.yaml', id = this.id, ...args: string[]): Promise<string> {
    return this.orch('start', plan, '--id', id, ...args);
  }

  /** Makes a file that a step looks for. */
  write(file: string, text = ''): void {
    writeFileSync(path.join(this.dir, file), text);
  }

  /** Waits until `orch status --json` of the run, or of another one, has all that `wanted` has. */
  async stands(wanted: object, id = this.id): Promise<RunJson> {
    const matcher = expect.objectContaining(wanted) as { asymmetricMatch: (value: unknown) => boolean };
    return eventually(
      `${id} stands at ${JSON.stringify(wanted)}`,
      async () => {
        const { code, stdout } = await this.tries('status', id, '--json');
        const run = code === 0 ? (JSON.parse(stdout) as RunJson) : undefined;
        return matcher.asymmetricMatch(run) && run;
      },
      60_000,
    );
  }

  /** Waits until steps of the run, or of another one, stand as said: `{ gate: { status: 'waiting' } }`. */
  steps(wanted: Record<string, object>, id = this.id): Promise<RunJson> {
    const steps = Object.entries(wanted).map(
      ([step, more]) => expect.objectContaining({ id: step, ...more }) as unknown,
    );
    return this.stands({ steps: expect.arrayContaining(steps) as unknown }, id);
  }

  /** Waits for its end. */
  async ended(id = this.id): Promise<string> {
    const { stdout } = await this.tries('watch', id, '--json');
    return (JSON.parse(stdout) as RunJson).status;
  }
}

/** What a history takes along of the environment says nothing of the machine. */
function plainEnv(dir: string, stateDir: string): Record<string, string | undefined> {
  const bin = path.dirname(fakeAgents(dir).log);
  symlinkSync(process.execPath, path.join(bin, 'node'));
  const none = ['VIRTUAL_ENV', 'LANG', 'LANGUAGE', 'LC_ALL', 'LC_CTYPE', 'LC_MESSAGES', 'TZ'];
  return {
    ...Object.fromEntries(none.map((name) => [name, undefined])),
    ORCH_STATE_DIR: stateDir,
    PATH: `${bin}:/usr/bin:/bin`,
  };
}
