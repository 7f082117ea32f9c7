/**
 * What the expressions of a run may cost together in one go, in units of the meter. Each is bounded by its own meter,
 * but a run may work out thousands before it comes up for air, and a worker that computes for seconds is taken for hung.
 */
export interface Allowance {
  /** What is left; nothing is worked out below zero. */
  readonly left: number;
  spend(cost: number): void;
}

/** Said of an expression that was not worked out because of those before it. */
export const ALLOWANCE_EXCEEDED =
  'too much was computed at once: the expressions that this run evaluates at the same time take too long together';
