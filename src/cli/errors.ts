import type { PlanTexts } from '../plan/files/plan-text.js';
import type { Diagnostic } from '../plan/model/diagnostic.js';
import { EXIT, type CliContext } from './context.js';
import { systemErrorOf } from './system-errors.js';
import { defined } from '../basics/defined.js';

/** A mistake on the command line that no library knows of. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** Diagnostics that were found before anything started, with the texts they belong to. */
export class DiagnosticsError extends Error {
  override readonly name = 'DiagnosticsError';
  readonly code = 'invalid_plan';
  constructor(
    readonly diagnostics: readonly Diagnostic[],
    readonly texts?: PlanTexts,
  ) {
    super(diagnostics.length === 1 ? '1 problem' : `${diagnostics.length} problems`);
  }
}

interface CodedError extends Error {
  code: string;
  hint?: string;
  diagnostics?: readonly Diagnostic[];
  texts?: PlanTexts;
}

const UNREACHABLE = new Set(['service_unreachable', 'no_worker', 'run_busy', 'run_stuck']);
const USAGE = new Set([
  'usage',
  'invalid_plan',
  'plan_too_large',
  'run_exists',
  'invalid_run_id',
  'reserved_id',
  'run_not_found',
  'ambiguous_run',
  'run_closed',
  'run_open',
  'no_record',
  'no_logs',
  'step_not_found',
  'attempt_not_found',
  'schedule_not_found',
  'schedule_exists',
  'invalid_schedule',
  'invalid_cron',
  'unknown_timezone',
  'refused',
  'too_many_requests',
]);

/** Says what went wrong, where, and what to do; gives the exit code. */
export async function reportError(context: CliContext, error: unknown, json: boolean): Promise<number> {
  if (!isCoded(error)) return reportUncoded(context, error, json);
  if (json) context.out(`${JSON.stringify({ error: jsonError(error) }, null, 2)}\n`);
  else if (error.diagnostics !== undefined && error.diagnostics.length > 0) {
    const { showDiagnostics } = await import('./show-diagnostics.js');
    await showDiagnostics(context, error.diagnostics, error.texts);
  } else {
    const { red, bold } = context.colors;
    context.note(`${red(bold(`error[${error.code}]`))}: ${inset(error.message)}\n`);
    if (error.hint !== undefined) context.note(`  hint: ${inset(error.hint)}\n`);
  }
  return exitCodeOf(error);
}

function exitCodeOf(error: CodedError): number {
  if (UNREACHABLE.has(error.code)) return EXIT.unreachable;
  if (USAGE.has(error.code)) return EXIT.usage;
  return error.name === 'ServiceError' ? EXIT.unreachable : EXIT.failed;
}

function jsonError(error: CodedError): Record<string, unknown> {
  return {
    code: error.code,
    message: error.message,
    ...defined({ hint: error.hint, diagnostics: error.diagnostics }),
  };
}

function isCoded(error: unknown): error is CodedError {
  const names = ['UsageError', 'DiagnosticsError', 'OrchError', 'ServiceError', 'SystemError'];
  return error instanceof Error && names.includes(error.name) && 'code' in error;
}

/** What the system refuses is nobody's bug: the disk, the files and their limits are the user's. */
function reportUncoded(context: CliContext, error: unknown, json: boolean): number | Promise<number> {
  const system = systemErrorOf(error);
  if (system === undefined) return reportBug(context, error);
  const { message } = error as Error;
  return reportError(context, Object.assign(new Error(message), { name: 'SystemError', ...system }), json);
}

/** Anything else is our mistake, and the only case where a stack trace helps anybody. */
function reportBug(context: CliContext, error: unknown): number {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  context.note(`${context.colors.red('internal error')}: ${inset(text)}\n`);
  if (context.env['ORCH_DEBUG'] && error instanceof Error) context.note(`${error.stack ?? ''}\n`);
  else context.note('  hint: this is a bug in orch; ORCH_DEBUG=1 shows where\n');
  return EXIT.failed;
}

/** A message may quote others: no line of theirs begins where ours do. */
function inset(text: string): string {
  return text.replaceAll(/\r?\n/g, '\n    ');
}
