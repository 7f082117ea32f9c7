import { defineSignal, log, setDefaultSignalHandler, setHandler } from '@temporalio/workflow';

type SignalHandler = (given?: unknown) => void;

/** The signals of a workflow. */
export interface Signals {
  on(name: string, handler: SignalHandler, description: string): void;
  /** Hands over what came before the workflow began, in the order of its arrival. Call it once all handlers are set. */
  deliverEarly(): void;
}

/**
 * Takes out the signals that are there before the workflow has begun: they came while no worker polled, or while its
 * start was checked.
 *
 * Temporal would hand over each of them as soon as the handler of its name is set, in the middle of the workflow's own
 * beginning, and in the order of the handlers: an `approve` that was sent after a `pause` would come before it.
 */
export function listenForSignals(): Signals {
  const early = takeEarly();
  const handlers = new Map<string, SignalHandler>();
  return {
    on(name, handler, description) {
      handlers.set(name, handler);
      setHandler(defineSignal<[unknown?]>(name), handler, { description });
    },
    deliverEarly() {
      for (const { name, given } of early.splice(0)) {
        const handler = handlers.get(name);
        if (handler === undefined) log.warn(`There is no signal '${name}'`);
        else handler(given);
      }
    },
  };
}

function takeEarly(): { name: string; given: unknown }[] {
  const early: { name: string; given: unknown }[] = [];
  for (;;) {
    try {
      setDefaultSignalHandler((name, given) => void early.push({ name, given }));
      break;
    } catch (error) {
      // One with a name that Temporal keeps to itself. It is out of the way by now, and the next ones come.
      if (!(error instanceof TypeError)) throw error;
      log.warn(error.message);
    }
  }
  setDefaultSignalHandler(undefined);
  return early;
}
