/** One thing that was looked at. */
export interface Check {
  /** snake_case, stable. */
  name: string;
  /** `warn`: it works, or will, but a person should know. */
  ok: 'ok' | 'warn' | 'fail';
  detail: string;
  /** What to do about it. */
  hint?: string;
}
