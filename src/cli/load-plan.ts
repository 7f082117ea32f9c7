import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { loadPlanText } from '../plan/index.js';
import type { Diagnostic } from '../plan/types.js';
import type { CliContext } from './context.js';
import { DiagnosticsError } from './errors.js';

/** A file above this is no plan; it is not even read. Bytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

type Loaded = Extract<ReturnType<typeof loadPlanText>, { ok: true }>['value'];

/** A plan that was read and checked, with the text it came from. */
export interface PlanFile extends Loaded {
  file: string;
  text: string;
}

/** What reading and checking a plan file gives: the plan, or why there is none. */
export type PlanFileResult =
  | { ok: true; value: PlanFile }
  | { ok: false; diagnostics: readonly Diagnostic[]; text?: string };

/** Reads and checks a plan file; problems are part of the result. */
export async function checkPlanFile(context: CliContext, file: string, strict = false): Promise<PlanFileResult> {
  const read = await readPlanFile(path.resolve(context.cwd, file));
  if ('problem' in read) {
    return { ok: false, diagnostics: [{ ...read.problem, severity: 'error', file, line: 1, column: 1 }] };
  }
  const { loadPlanText: load } = await import('../plan/index.js');
  const loaded = load(read.bytes, { file, strict });
  const text = read.bytes.toString('utf8');
  if (!loaded.ok) return { ok: false, diagnostics: loaded.error, text };
  return { ok: true, value: { ...loaded.value, file, text } };
}

/**
 * Reads and checks a plan file; shows its warnings.
 *
 * @throws DiagnosticsError where it is no valid plan.
 */
export async function loadPlanFile(context: CliContext, file: string, strict = false): Promise<PlanFile> {
  const result = await checkPlanFile(context, file, strict);
  if (!result.ok) throw new DiagnosticsError(result.diagnostics, result.text);
  if (result.value.diagnostics.length > 0) {
    const { renderDiagnostics } = await import('../plan/render.js');
    context.note(
      `${renderDiagnostics(result.value.diagnostics, result.value.text, context.colors.isColorSupported)}\n`,
    );
  }
  return result.value;
}

type ReadResult = { bytes: Buffer } | { problem: Pick<Diagnostic, 'code' | 'message' | 'hint'> };

async function readPlanFile(file: string): Promise<ReadResult> {
  try {
    // Not blocking: a named pipe without a writer would hang the open.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (!stat.isFile())
      return { problem: { code: 'not_a_file', message: 'this is not a file; give a plan in JSON or YAML' } };
    if (stat.size > MAX_FILE_BYTES) {
      return {
        problem: {
          code: 'file_too_large',
          message: `the file has ${stat.size} bytes; a plan has at most ${MAX_FILE_BYTES}`,
          hint: 'move large texts into files that the steps read',
        },
      };
    }
    return { bytes: await handle.readFile() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { problem: { code: 'file_not_found', message: 'there is no such file' } };
    return { problem: { code: 'file_unreadable', message: `the file cannot be read: ${code ?? message}` } };
  }
}
