import type { Diagnostic } from '../model/diagnostic.js';
import { isMap } from '../problems/paths.js';
import { resolvePlanPath } from './plan-path.js';
import { toDiagnostic } from '../problems/problems.js';
import { sourceSteps } from '../document/source-steps.js';
import { decodeText } from '../document/parse.js';

/** Characters of a prompt's file. */
const MAX_PROMPT = 256 * 1024;

/** The text of a file, or why there is none. */
export type FileText = { text: string | Uint8Array } | { code: string; message: string };

/**
 * Puts what the prompt files hold into the document, so that later edits change no run, and no worker needs the file.
 *
 * @param from the name of the document, which the files count from
 * @returns what is wrong with the files, told where they are named
 */
export async function takePromptFiles(
  document: unknown,
  from: string,
  read: (path: string) => Promise<FileText>,
): Promise<Diagnostic[]> {
  const problems: Diagnostic[] = [];
  if (!isMap(document)) return problems;
  for (const { step, path } of sourceSteps(document)) {
    const def = step?.['step_def'];
    if (!isMap(def) || def['type'] !== 'agent' || typeof def['prompt_file'] !== 'string') continue;
    if (def['prompt_file'] === '' || typeof def['prompt_text'] === 'string') continue;
    const content = contentOf(await read(resolvePlanPath(from, def['prompt_file'])));
    if ('text' in content) def['prompt_text'] = content.text;
    else {
      const message = `the prompt's file '${def['prompt_file']}' cannot be used: ${content.problem}`;
      problems.push(toDiagnostic({ code: 'prompt_file_missing', path: [...path, 'step_def', 'prompt_file'], message }));
    }
  }
  return problems;
}

function contentOf(file: FileText): { text: string } | { problem: string } {
  if (!('text' in file)) return { problem: file.message };
  const decoded = decodeText(file.text);
  if ('faults' in decoded) return { problem: decoded.faults[0]?.message ?? 'it is not text' };
  if (decoded.text.trim() === '') return { problem: 'it is empty' };
  if (decoded.text.length > MAX_PROMPT) return { problem: `it has more than ${MAX_PROMPT} characters` };
  return { text: decoded.text };
}
