import type { PlanTexts } from '../plan/load-set.js';
import type { Diagnostic } from '../plan/types.js';
import type { CliContext } from './context.js';

/** Shows diagnostics with the lines that they are about. */
export async function showDiagnostics(
  context: CliContext,
  diagnostics: readonly Diagnostic[],
  texts?: PlanTexts,
): Promise<void> {
  const { renderDiagnostics } = await import('../plan/render.js');
  const byName = new Map([...(texts?.values() ?? [])].map(({ name, text }) => [name, asText(text)]));
  context.note(`${renderDiagnostics(diagnostics, byName, context.colors.isColorSupported)}\n`);
}

function asText(text: string | Uint8Array): string {
  return typeof text === 'string' ? text : new TextDecoder().decode(text);
}
