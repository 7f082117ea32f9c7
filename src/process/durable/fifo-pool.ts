import { linkSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { fileOf, makeDir, type Generation } from './files.js';
import { isMissing } from '../../host/errno.js';
import { isSameProcess } from './liveness.js';
import { processStat } from '../../host/proc.js';
import { startHelper } from './start.js';

/** Beside the tries, because a link does not leave its file system. */
const POOLS = '.fifos';
const BATCH = 96;
/** Fewer than these call for a new batch. */
const LOW = 36;
/** Those who run a few processes only need no stock. */
const LAUNCHES_BEFORE = 3;

/** The last one tells a wrapper that the others are there. */
const FIFOS = ['outPipe', 'errPipe', 'alive'] as const;

/**
 * FIFOs that are made ahead, many by one call. Node cannot make them, and a call of `mkfifo` for each would cost as much
 * as all the rest of a wrapper's start. Where there is none in stock, the wrapper makes its own.
 */
class FifoPool {
  private readonly dir: string;
  private readonly stock: string[] = [];
  private launches = 0;
  private batches = 0;
  private isFilling = false;

  constructor(pools: string) {
    this.dir = path.join(pools, `${process.pid}-${processStat(process.pid)?.start ?? ''}`);
  }

  /** Puts FIFOs into a generation that has none. */
  place(generation: Generation): void {
    this.launches += 1;
    if (this.launches > LAUNCHES_BEFORE && this.stock.length < LOW && !this.isFilling) this.fill();
    if (this.stock.length < FIFOS.length) return;
    for (const name of FIFOS) this.placeOne(fileOf(generation, name));
  }

  private placeOne(file: string): void {
    const fifo = this.stock.pop();
    if (fifo === undefined) return;
    try {
      linkSync(fifo, file); // never over one that a wrapper may hold open
      unlinkSync(fifo);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') this.stock.push(fifo);
      else this.stock.length = 0; // somebody has swept them away
    }
  }

  private fill(): void {
    this.batches += 1;
    try {
      makeDir(this.dir);
    } catch {
      return; // a stock is a convenience: it must not fail a launch
    }
    this.isFilling = true;
    const fifos = Array.from({ length: BATCH }, (_, n) => path.join(this.dir, `${this.batches}-${n}`));
    startHelper('command -p mkfifo -m 600 "$@"', fifos, (succeeded) => {
      this.isFilling = false;
      if (succeeded) this.stock.push(...fifos);
    });
  }
}

const pools = new Map<string, FifoPool>();

/** Gives a generation its FIFOs, where they are at hand. */
export function placeFifo(generation: Generation): void {
  const dir = path.join(path.dirname(path.dirname(generation.dir)), POOLS);
  let pool = pools.get(dir);
  if (pool === undefined) pools.set(dir, (pool = new FifoPool(dir)));
  pool.place(generation);
}

/** Removes the stocks of workers that are gone. */
export function sweepFifos(attemptsDir: string): void {
  const dir = path.join(attemptsDir, POOLS);
  for (const name of foldersOf(dir)) {
    const [pid, start = ''] = name.split('-');
    if (!isSameProcess(Number(pid), start)) rmSync(path.join(dir, name), { recursive: true, force: true });
  }
}

function foldersOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
