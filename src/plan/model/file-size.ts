/** A file above this is no plan; it is not even read. Bytes. */
export const MAX_PLAN_FILE_BYTES = 16 * 1024 * 1024;
