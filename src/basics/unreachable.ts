/**
 * Ends a `switch` over a union: it does not compile while a member is missing, and throws where a value is none of them.
 *
 * Where a value may come from a later version of orch and is to be passed on as it is, `value satisfies never` says so.
 *
 * @throws Error always: to come here is a bug
 */
export function unreachable(value: never): never {
  throw new Error(`Internal error: nothing handles ${JSON.stringify(value)}`);
}
