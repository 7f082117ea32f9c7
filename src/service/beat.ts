import { openSync, writeSync } from 'node:fs';

/** How often. The watcher looks as often, and takes a minute without a change for a stuck event loop. Milliseconds. */
const BEAT_MS = 2_000;

/** Digits of a beat: each one is written over the last, so that a full disk has room for it, too. */
const DIGITS = 12;

/** Counts up in a file while this process's event loop turns; call what it returns to stop. */
export function startBeat(file: string): () => void {
  const descriptor = openSync(file, 'w', 0o600);
  let count = 0;
  const beat = (): void => {
    count += 1;
    try {
      writeSync(descriptor, `${String(count).padStart(DIGITS, '0')}\n`, 0);
    } catch {
      // Whoever misses it asks whether this process answers before it ends it.
    }
  };
  beat();
  const timer = setInterval(beat, BEAT_MS);
  timer.unref();
  return () => clearInterval(timer);
}
