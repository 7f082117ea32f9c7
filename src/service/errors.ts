/** Every code that a {@link ServiceError} can carry. */
export const SERVICE_ERROR_CODES = [
  'database_corrupt',
  'database_in_use',
  'disk_full',
  'service_lock_timeout',
  'service_start_failed',
  'service_stop_failed',
  'signing_key_lost',
  'signing_key_missing',
  'signing_key_unsafe',
  'state_dir_foreign',
  'state_dir_unwritable',
  'temporal_not_found',
  'temporal_unusable',
  'temporal_version_mismatch',
  'too_many_open_files',
  'worker_start_failed',
] as const;

export type ServiceErrorCode = (typeof SERVICE_ERROR_CODES)[number];

/** Something about the embedded service that a person has to mend. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';

  constructor(
    readonly code: ServiceErrorCode,
    message: string,
    /** What to do about it. */
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
