import { buffer } from 'node:stream/consumers';
import type { CliContext } from './context.js';
import { UsageError } from './errors.js';

/** How messages name a plan's file, or stdin. */
export function nameOf(file: string): string {
  return file === '-' ? '<stdin>' : file;
}

/**
 * All that comes in on stdin.
 *
 * @throws UsageError where nothing does
 */
export async function readStdin(context: CliContext): Promise<Uint8Array> {
  const { stdin } = context;
  if (stdin !== undefined && 'isTTY' in stdin && stdin.isTTY) {
    context.note('reading the plan from the terminal; Ctrl-D ends it\n');
  }
  const bytes = stdin === undefined ? new Uint8Array() : await buffer(stdin);
  if (bytes.length > 0) return bytes;
  throw new UsageError('there is nothing on stdin', 'pipe a plan into it: `orch run - < plan.yaml`');
}
