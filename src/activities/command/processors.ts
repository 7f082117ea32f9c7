import os from 'node:os';

/** Part of the processors' time from which on they are said to idle, and how often that is looked at, in milliseconds. */
const IDLE = { share: 0.3, ms: 30 };

/** Calls back every so many milliseconds for as long as the processors idle. @returns what ends that */
export function whileIdle(act: () => void): () => void {
  let before = times();
  const clock = setInterval(() => {
    const now = times();
    const share = (now.idle - before.idle) / Math.max(1, now.all - before.all);
    before = now;
    if (share >= IDLE.share) act();
  }, IDLE.ms);
  return () => clearInterval(clock);
}

/** How long the processors have been idle, and in all. Milliseconds. */
function times(): { idle: number; all: number } {
  const all = os
    .cpus()
    .map(({ times: { user, nice, sys, idle, irq } }) => [idle, user + nice + sys + idle + irq] as const);
  return { idle: sum(all.map(([idle]) => idle)), all: sum(all.map(([, each]) => each)) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
