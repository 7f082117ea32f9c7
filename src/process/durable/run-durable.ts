import { existsSync } from 'node:fs';
import { attach, readLost } from './attachment.js';
import { generationOf, makeDir, type Generation } from './files.js';
import { runWithoutReattach } from './run-without-reattach.js';
import { writeOwner } from './owner.js';
import type { DurableControls, DurableEnd, DurableSpec } from './types.js';

const DEFAULT_MAX_LOST = 3;

/**
 * Runs a process that goes on when this one dies. The next call with the same folder finds it, or how it ended.
 *
 * The step ends when its command ends. What the command leaves running is left alone, as a shell leaves a daemon; only
 * where it is stopped or lost does all that it started go too.
 *
 * On Windows nothing is found again: there the process is stopped with its worker, and on `detach`.
 *
 * @throws SpawnError where the command cannot be started, and errors of the file system as they are.
 */
export async function runDurable(spec: DurableSpec, controls: DurableControls = {}): Promise<DurableEnd> {
  if (process.platform === 'win32') return runWithoutReattach(spec, controls);
  makeDir(spec.tryDir);
  writeOwner(spec.tryDir, spec.owner ?? {});
  for (let index = 0; ; index += 1) {
    const end = await runGeneration(generationOf(spec.tryDir, index), spec, controls);
    if (end.kind !== 'lost' || !mayGoOn(end, spec)) return end;
  }
}

async function runGeneration(
  generation: Generation,
  spec: DurableSpec,
  controls: DurableControls,
): Promise<DurableEnd> {
  const lost = readLost(generation);
  if (lost !== undefined) return lost;
  makeDir(generation.dir);
  return attach(generation, { ...spec, command: spec, controls });
}

function mayGoOn(lost: Extract<DurableEnd, { kind: 'lost' }>, spec: DurableSpec): boolean {
  const losses = lost.generation + 1;
  if (lost.stopped !== undefined || spec.runOnce || losses > (spec.maxLost ?? DEFAULT_MAX_LOST)) return false;
  return existsSync(spec.tryDir); // whoever has deleted it wants no other generation
}
