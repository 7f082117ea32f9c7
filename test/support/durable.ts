import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { generationOf } from '../../src/process/durable/files.js';
import { findMarked, markOf } from '../../src/process/durable/marked.js';
import {
  runDurable,
  type DurableControls,
  type DurableEnd,
  type DurableSpec,
  type Exited,
} from '../../src/process/index.js';
import { eventually } from './eventually.js';

/** The try of one test, its folders, and what runs of it. */
export class DurableRig {
  /** Where steps run; with a blank and a quote in its name. */
  readonly dir = mkdtempSync(path.join(os.tmpdir(), "orch durable's-"));
  private readonly workers: ChildProcess[] = [];

  get tryDir(): string {
    return path.join(this.dir, 'attempts', 'a try');
  }

  spec(script: string, more: Partial<DurableSpec> = {}): DurableSpec {
    return {
      file: '/bin/sh',
      args: ['-c', script],
      cwd: this.dir,
      env: { PATH: process.env['PATH'] ?? '' },
      tryDir: this.tryDir,
      graceMs: 300,
      ...more,
    };
  }

  run(script: string, more: Partial<DurableSpec> = {}, controls: DurableControls = {}): Promise<DurableEnd> {
    return runDurable(this.spec(script, more), controls);
  }

  /** Starts a worker that dies at `point`; where the point is empty, it writes its result. */
  worker(
    spec: DurableSpec,
    point: '' | 'launched' | 'launched-frozen' | 'claimed' | 'ended' | 'detached' = '',
    result = 'result',
  ): Worker {
    const script = fileURLToPath(new URL('durable-worker.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, JSON.stringify(spec), point, this.path(result)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.workers.push(child);
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    return {
      ended,
      kill: async () => {
        child.kill('SIGKILL');
        await ended;
      },
    };
  }

  path(name: string): string {
    return path.join(this.dir, name);
  }

  read(name: string): string {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), 'utf8') : '';
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  /** Makes a stream of the first generation one that has room for nothing. */
  fillsUp(name: 'out' | 'err'): void {
    mkdirSync(path.join(this.tryDir, 'g0'), { recursive: true, mode: 0o700 });
    symlinkSync('/dev/full', path.join(this.tryDir, 'g0', name));
  }

  file(name: string, generation = 0): string {
    return this.read(path.join('attempts', 'a try', `g${generation}`, name));
  }

  generations(): string[] {
    return readdirSync(this.tryDir).filter((name) => name.startsWith('g'));
  }

  /** The wrapper, when it has claimed the generation. */
  claimed(generation = 0): Promise<number> {
    return eventually(`a claim of g${generation}`, () => {
      const match = /^run (\d+) .*\n/.exec(this.file('state', generation));
      return match === null ? undefined : Number(match[1]);
    });
  }

  /** Waits until a step has written to a file. */
  written(name: string): Promise<string> {
    return eventually(`${name} is written`, () => this.read(name).trim() || undefined);
  }

  /** What runs of a try, in all its generations. */
  processes(tryDir = this.tryDir): number[] {
    if (!existsSync(tryDir)) return [];
    return [0, 1, 2, 3].flatMap((index) => findMarked(markOf(generationOf(tryDir, index))).map(({ pid }) => pid));
  }

  nothingRuns(): Promise<boolean> {
    return eventually('nothing of the try runs', () => this.processes().length === 0);
  }

  async close(): Promise<void> {
    for (const worker of this.workers) worker.kill('SIGKILL');
    const attempts = this.path('attempts');
    const tries = existsSync(attempts) && statSync(attempts).isDirectory() ? readdirSync(attempts) : [];
    await eventually('all is killed', () => {
      const left = tries.flatMap((name) => this.processes(path.join(attempts, name)));
      for (const pid of left) process.kill(pid, 'SIGKILL');
      return left.length === 0;
    });
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 }); // a stock of FIFOs may just be made in it
  }
}

export interface Worker {
  ended: Promise<void>;
  kill(): Promise<void>;
}

/** The parts of an end that do not change from run to run. */
export function essence(end: DurableEnd): Partial<Exited> & Record<string, unknown> {
  const { pid, startedAt, durationMs, stdoutFile, stderrFile, ...rest } = end as Exited;
  void [pid, startedAt, durationMs, stdoutFile, stderrFile];
  return rest;
}
