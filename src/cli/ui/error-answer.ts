import type { Diagnostic } from '../../plan/model/diagnostic.js';
import type { ErrorAnswer } from '../../ui/api.js';
import { defined } from '../../basics/defined.js';
import { forPeople, printable } from '../render/format.js';
import { Refusal } from './http.js';

const STATUS: Readonly<Record<string, number>> = {
  run_not_found: 404,
  step_not_found: 404,
  attempt_not_found: 404,
  no_logs: 404,
  no_record: 404,
  usage: 400,
  invalid_plan: 400,
  service_unreachable: 503,
  no_worker: 503,
  run_busy: 503,
  run_stuck: 503,
};
const CODED = new Set(['OrchError', 'UsageError', 'DiagnosticsError', 'ServiceError']);

/** How the page is told what a command would have ended with. */
export function errorAnswer(error: unknown): { status: number; body: ErrorAnswer; bug: boolean } {
  if (error instanceof Refusal) return answerOf(error.status, error);
  if (error instanceof Error && CODED.has(error.name) && 'code' in error) {
    const coded = error as Error & { code: string; hint?: string; diagnostics?: readonly Placed[] };
    const message = coded.diagnostics?.map(placedText).join('\n') || coded.message;
    return answerOf(STATUS[coded.code] ?? 409, { code: coded.code, message, ...defined({ hint: coded.hint }) });
  }
  const message = 'Something went wrong in orch itself; the terminal of `orch ui` says what';
  return { ...answerOf(500, { code: 'internal_error', message }), bug: true };
}

type Placed = Pick<Diagnostic, 'message' | 'hint' | 'file' | 'line' | 'column'>;

function placedText({ message, hint, file, line, column }: Placed): string {
  const place = file === undefined ? '' : `${[file, line, column].filter((part) => part !== undefined).join(':')}: `;
  return `${place}${message}${hint === undefined ? '' : ` (${hint})`}`;
}

function answerOf(
  status: number,
  { code, message, hint }: { code: string; message: string; hint?: string },
): { status: number; body: ErrorAnswer; bug: boolean } {
  const error = { code, message: printable(message), ...forPeople(defined({ hint })) };
  return { status, body: { error }, bug: false };
}
