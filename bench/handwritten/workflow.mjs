// What one would write by hand for these steps, and nothing more.
import { continueAsNew, proxyActivities } from '@temporalio/workflow';
import { parentsOf } from '../shapes.mjs';

const { execa, nothing } = proxyActivities({ startToCloseTimeout: '1 minute' });

/** Steps of one history: Temporal ends one of 51,200 events, and replays of long ones take long. */
const PER_HISTORY = 2000;

export async function handwritten({ kind, steps, concurrency, step, args, from = 0 }) {
  const run = step === 'nothing' ? nothing : () => execa(step, args ?? []);
  const end = Math.min(steps, from + PER_HISTORY);
  if (kind === 'layered') await layers({ kind, from, end, run: inSlots(concurrency, run) });
  else await lanes({ from, end, run, atOnce: kind === 'chain' || kind === 'runs' ? 1 : concurrency });
  if (end < steps) await continueAsNew({ kind, steps, concurrency, step, from: end });
}

/** Steps that wait for nothing but a free lane; with one lane, for each other. */
async function lanes({ from, end, run, atOnce }) {
  let next = from;
  const lane = async () => {
    while (next < end) {
      next += 1;
      await run();
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, end - from) }, lane));
}

/** Steps that wait for others. */
async function layers({ kind, from, end, run }) {
  const done = new Map();
  for (let i = from; i < end; i += 1) {
    const before = parentsOf(kind, i).flatMap((parent) => done.get(parent) ?? []);
    done.set(i, Promise.all(before).then(run));
  }
  await Promise.all(done.values());
}

/** The same, but at most so many at once. */
function inSlots(count, run) {
  let free = count;
  const waiting = [];
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise((resolve) => waiting.push(resolve));
    await run();
    if (waiting.length > 0) waiting.shift()();
    else free += 1;
  };
}
