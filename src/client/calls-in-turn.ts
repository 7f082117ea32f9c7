/**
 * A signal for calls that are made one after the other, such as the long polls of a wait. The SDK adds a listener for each
 * call and never takes one off, so a wait of minutes would fill a common signal with those of calls that are over.
 * Here the listener of a call goes when the next call comes.
 *
 * Only what the SDK uses of a signal is there.
 */
export function forCallsInTurn(signal: AbortSignal): AbortSignal {
  let last: (() => void) | undefined;
  const forwarding = {
    addEventListener(type: 'abort', listener: () => void): void {
      if (last !== undefined) signal.removeEventListener(type, last);
      last = listener;
      if (signal.aborted) listener();
      else signal.addEventListener(type, listener);
    },
    get aborted() {
      return signal.aborted;
    },
  };
  return forwarding as unknown as AbortSignal;
}
