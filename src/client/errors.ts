import type { Diagnostic } from '../plan/model/diagnostic.js';

/** Codes of {@link OrchError}; docs/errors.md has an entry for each. */
export const CLIENT_ERROR_CODES = [
  'invalid_plan',
  'plan_too_large',
  'run_exists',
  'invalid_run_id',
  'reserved_id',
  'forged',
  'run_not_found',
  'ambiguous_run',
  'run_closed',
  'run_terminated',
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
  'run_stuck',
  'run_busy',
  'no_worker',
  'service_unreachable',
] as const;

export type ClientErrorCode = (typeof CLIENT_ERROR_CODES)[number];

/** Something that a caller can do something about. `message` says what is wrong, `hint` what to do. */
export class OrchError extends Error {
  override readonly name = 'OrchError';
  readonly code: ClientErrorCode;
  readonly hint?: string;
  /** Only for `invalid_plan`. */
  readonly diagnostics?: readonly Diagnostic[];

  constructor(
    code: ClientErrorCode,
    message: string,
    more: { hint?: string; diagnostics?: readonly Diagnostic[]; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    if (more.hint !== undefined) this.hint = more.hint;
    if (more.diagnostics !== undefined) this.diagnostics = more.diagnostics;
  }
}
