type Dispatcher = NonNullable<RequestInit['dispatcher']>;
type DispatcherClass = new (options: { headersTimeout: number; bodyTimeout: number; pipelining: number }) => Dispatcher;

/** Where every copy of undici, Node's own among them, keeps the dispatcher that fetch uses. */
const GLOBAL_DISPATCHER = Symbol.for('undici.globalDispatcher.1');

let patient: Dispatcher | undefined;

/**
 * A dispatcher without time limits of its own: fetch gives up after five minutes without a byte, whatever the step's
 * `timeout_sec` says. Nor does it keep connections open: a call on one that the server is just closing would fail, and a
 * POST cannot be sent again. Node does not export the class, hence it is taken from the global instance.
 *
 * Undefined where there is none to be found; fetch then uses its own, with its limits.
 */
export function patientDispatcher(): Dispatcher | undefined {
  if (patient !== undefined) return patient;
  void new Headers(); // loads undici, which sets the global dispatcher; naming fetch does not
  const shared = (globalThis as unknown as Record<symbol, object | undefined>)[GLOBAL_DISPATCHER];
  if (shared?.constructor.name !== 'Agent') return undefined; // somebody set another one, perhaps a proxy: theirs wins
  patient = new (shared.constructor as DispatcherClass)({ headersTimeout: 0, bodyTimeout: 0, pipelining: 0 });
  return patient;
}
