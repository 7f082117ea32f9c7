import { createConverter, type PipelinesOptions } from '../../../src/formats/index.js';
import { loadPlanSet, type LoadedPlanSet } from '../../../src/plan/files/load-set.js';
import type { NoPlanText } from '../../../src/plan/files/plan-text.js';
import type { Diagnostic, Result } from '../../../src/plan/model/diagnostic.js';

export interface StageSketch {
  kind?: string;
  [key: string]: unknown;
}

export const FILE = 'codex.orchestrator.json';

/** Reads a file of pipelines that is given as data, or as text; gives what it is as well. */
export async function read(
  source: unknown,
  options: PipelinesOptions = {},
): Promise<{ loaded: Result<LoadedPlanSet, Diagnostic[]>; format?: string }> {
  const text = typeof source === 'string' || source instanceof Uint8Array ? source : JSON.stringify(source, null, 1);
  const convert = createConverter({ pipelines: { root: '/repo', env: {}, ...options } });
  return loadPlanSet(FILE, { name: FILE, text }, noOtherFile, { convert });
}

function noOtherFile(): Promise<NoPlanText> {
  return Promise.resolve({ code: 'file_not_found', message: 'there is no such file' });
}

/** The plans that were made; fails with what is wrong. */
export async function plansOf(source: unknown, options: PipelinesOptions = {}): Promise<LoadedPlanSet> {
  const { loaded } = await read(source, options);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error, null, 2));
  return loaded.value;
}

/** What is wrong with a file, or what it warns of. */
export async function errorsOf(source: unknown, options: PipelinesOptions = {}): Promise<Diagnostic[]> {
  const { loaded } = await read(source, options);
  return loaded.ok ? loaded.value.diagnostics : loaded.error;
}

export function command(id: string, more: StageSketch = {}): StageSketch {
  return { kind: 'command', id, title: `Run ${id}`, command: `echo ${id}`, ...more };
}

export function sub(id: string, pipeline: string, more: StageSketch = {}): StageSketch {
  return { kind: 'subpipeline', id, title: `Run ${pipeline}`, pipeline, ...more };
}

/** A file with one pipeline `p` of these stages. */
export function one(...stages: StageSketch[]): { pipelines: Record<string, unknown>[]; [key: string]: unknown } {
  return { pipelines: [{ id: 'p', title: 'P', stages }] };
}
