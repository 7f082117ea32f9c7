/** Node's timers overflow above this many milliseconds (2^31 - 1) and fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** Calls `fire` after `ms` milliseconds, however many they are. */
export function after(ms: number, fire: () => void): { cancel(): void } {
  const end = performance.now() + ms;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const left = end - performance.now();
    timer = left > MAX_TIMER_MS ? setTimeout(arm, MAX_TIMER_MS) : setTimeout(fire, Math.max(0, left));
  };
  arm();
  return { cancel: () => clearTimeout(timer) };
}
