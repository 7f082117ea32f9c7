import type { PlanTexts } from '../plan/files/plan-text.js';
import type { Diagnostic } from '../plan/model/diagnostic.js';
import type { Paint } from '../plan/problems/render.js';
import type { CliContext } from './context.js';

/** Shows diagnostics with the lines that they are about. */
export async function showDiagnostics(
  context: CliContext,
  diagnostics: readonly Diagnostic[],
  texts?: PlanTexts,
): Promise<void> {
  const { renderDiagnostics } = await import('../plan/problems/render.js');
  const byName = new Map([...(texts?.values() ?? [])].map(({ name, text }) => [name, asText(text)]));
  context.note(`${renderDiagnostics(diagnostics, byName, painter(context))}\n`);
}

function painter({ colors }: CliContext): Paint {
  const { bold, red, yellow, cyan } = colors;
  const paints: Record<Parameters<Paint>[0], (text: string) => string> = {
    error: (text) => red(bold(text)),
    warning: (text) => yellow(bold(text)),
    place: bold,
    hint: cyan,
    caret: red,
  };
  return (part, text) => paints[part](text);
}

function asText(text: string | Uint8Array): string {
  return typeof text === 'string' ? text : new TextDecoder().decode(text);
}
