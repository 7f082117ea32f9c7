/**
 * Takes the stack off an error that says all in its message: Temporal's Web UI shows the stack above it, and this code
 * is not at fault.
 *
 * @example
 * throw withoutStack(ApplicationFailure.create({ type: 'Refused', nonRetryable: true, message }));
 */
export function withoutStack<E extends Error>(error: E): E {
  error.stack = '';
  return error;
}
