/**
 * Names of what is told of a step's end, in the order in which it is written; what each of them is stands in
 * step-result.ts, and the compiler holds the two together. They are names only, so that workflow code can use them
 * without zod.
 */

/** Of each execution of a step. */
export const EXECUTION_FACTS = ['exit_code', 'signal', 'host', 'log_dir'] as const;

/** Of the step, whatever its executions were. */
export const RESULT_FACTS = ['stdout_tail', 'stderr_tail', 'outputs', 'agent'] as const;

/** What is known of the named facts; empty texts say nothing. */
export function knownFacts<T extends object, K extends keyof T>(names: readonly K[], from: T): { [F in K]?: T[F] } {
  const known: { [F in K]?: T[F] } = {};
  for (const name of names) {
    const value = from[name];
    if (value !== undefined && value !== '') known[name] = value;
  }
  return known;
}
