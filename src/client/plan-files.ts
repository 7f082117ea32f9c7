import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { agentProblems } from '../plan/check/agent-names.js';
import type { Convert } from '../plan/files/converted.js';
import { readConfiguration, type Configuration } from '../plan/files/orch-config.js';
import { attachPlacesInTexts, loadPlanSet, type LoadedPlanSet, type LoadSetResult } from '../plan/files/load-set.js';
import { typedPath } from '../host/typed-path.js';
import { plansNear } from './plans-near.js';
import { inFile } from '../plan/files/plan-document.js';
import type { NoPlanText, PlanText } from '../plan/files/plan-text.js';
import type { Diagnostic, Result } from '../plan/model/diagnostic.js';
import type { CheckedPlans } from './checked-plans.js';
import { planDigest } from './pin-plans.js';
import { MAX_PLAN_FILE_BYTES } from '../plan/model/file-size.js';
import { defined } from '../basics/defined.js';

/** Settings for the runs that are started beside it. */
const CONFIG_FILE = 'orch.config.yaml';

/** Plans that were read from files, and the word that they were checked. */
export interface LoadedPlans extends LoadedPlanSet {
  checked: CheckedPlans;
}

interface ReadPlans extends Omit<LoadSetResult, 'loaded'> {
  loaded: Result<LoadedPlans, Diagnostic[]>;
}

/** Where and how a plan's file is read. */
export interface LoadFileOptions {
  /** Folder that the file counts from. Default: the current one. */
  cwd?: string;
  /** What the file would hold, where there is none: the plan came through a pipe. `file` then only names it. */
  given?: Uint8Array;
  /** Takes every warning for an error. */
  strict?: boolean;
  /** Reads files in other formats, too. Default: plans only. */
  convert?: Convert;
}

/**
 * Reads and checks a plan's file, and the files of all plans that it runs as steps. What it gives can be started.
 *
 * @returns the plan, or everything that is wrong with it and its sub-plans, each with file, line and column
 * @example
 * const loaded = await loadPlanFile('plan.yaml');
 * if (!loaded.ok) throw new Error(renderDiagnostics(loaded.error));
 * await client.start(loaded.value);
 */
export async function loadPlanFile(
  file: string,
  options: LoadFileOptions = {},
): Promise<Result<LoadedPlans, Diagnostic[]>> {
  return (await readPlanFiles(file, options)).loaded;
}

/** The same, with the texts that were read: who shows diagnostics shows their lines too. */
export async function readPlanFiles(
  file: string,
  { cwd = process.cwd(), strict = false, convert, given }: LoadFileOptions = {},
): Promise<ReadPlans> {
  const absolute = path.resolve(cwd, file);
  const first = given === undefined ? await readText(absolute) : withinLimit(given);
  if (!('bytes' in first)) {
    const near = await plansNear(file, cwd);
    const problem: Diagnostic = {
      ...first,
      ...defined({ hint: first.hint ?? near }),
      severity: 'error',
      file,
      line: 1,
      column: 1,
    };
    return { loaded: { ok: false, error: [problem] }, texts: new Map() };
  }
  const readSubPlan = async (target: string): Promise<PlanText | NoPlanText> => {
    const read = await readText(path.resolve(path.dirname(absolute), target));
    const name = path.isAbsolute(target) ? target : path.join(path.dirname(file), target);
    return 'bytes' in read ? { name, text: read.bytes } : atItsName(read, name);
  };
  const root = { name: file, text: first.bytes };
  const options = { strict, ...defined({ convert }) };
  const read = await loadPlanSet(path.basename(absolute), root, readSubPlan, options);
  const { loaded, texts } = read;
  if (!loaded.ok) return { ...read, loaded };
  const config = await readConfigFile(path.dirname(absolute), cwd);
  if (!config.ok) return { ...read, loaded: config };
  const { agents } = config.value;
  const { plan, path: name, subPlans } = loaded.value;
  const wrong = [[name, plan] as const, ...subPlans].flatMap(([each, document]) =>
    agentProblems(document, agents).map((problem) => inFile(problem, each)),
  );
  if (wrong.length > 0) {
    return { ...read, loaded: { ok: false, error: attachPlacesInTexts(wrong, texts, name, convert) } };
  }
  const { graph, diagnostics: warnings } = loaded.value;
  const checked = { digest: planDigest(loaded.value), plan, subPlans, graph, warnings };
  return { ...read, loaded: { ok: true, value: { ...loaded.value, checked, ...defined({ agents }) } } };
}

/** The configuration beside the plan, else that of the current folder. */
export async function readConfigFile(
  planDir: string,
  cwd: string,
): Promise<Result<{ agents?: Configuration['agents'] }, Diagnostic[]>> {
  for (const dir of new Set([planDir, cwd])) {
    const file = path.join(dir, CONFIG_FILE);
    const read = await readText(file);
    const name = typedPath(cwd, file);
    if ('bytes' in read) return readConfiguration(read.bytes, name);
    if (read.code !== 'file_not_found') {
      return { ok: false, error: [{ ...read, severity: 'error', file: name, line: 1, column: 1 }] };
    }
  }
  return { ok: true, value: {} };
}

/** The place is where the file is named, so the message has to say which file that is. */
function atItsName({ code, message, hint }: NoPlanText, name: string): NoPlanText {
  const templated = name.includes('${')
    ? 'sub-plans are read before the run starts, so templates are not expanded'
    : hint;
  return { code, message: `${name}: ${message}`, ...defined({ hint: templated }) };
}

async function readText(file: string): Promise<{ bytes: Uint8Array } | NoPlanText> {
  try {
    // Not blocking: a named pipe without a writer would hang the open.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (stat.isDirectory()) return { code: 'not_a_file', message: 'this is a folder; give a plan in JSON or YAML' };
    if (!stat.isFile()) return { code: 'not_a_file', message: 'this is not a file; give a plan in JSON or YAML' };
    return tooLarge(stat.size) ?? { bytes: await handle.readFile() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { code: 'file_not_found', message: 'there is no such file' };
    return { code: 'file_unreadable', message: `the file cannot be read: ${code ?? message}` };
  }
}

function withinLimit(bytes: Uint8Array): { bytes: Uint8Array } | NoPlanText {
  return tooLarge(bytes.length) ?? { bytes };
}

function tooLarge(bytes: number): NoPlanText | undefined {
  if (bytes <= MAX_PLAN_FILE_BYTES) return undefined;
  return {
    code: 'file_too_large',
    message: `the file is ${bytes} bytes; a plan may have at most ${MAX_PLAN_FILE_BYTES}`,
    hint: 'move large texts into files that the steps read',
  };
}
