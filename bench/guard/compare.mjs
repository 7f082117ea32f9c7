// What the guard compares, and how.
import { short } from '../measure/numbers.mjs';

/** How much more than the baseline is too much. */
const MOST = 1.15;

/**
 * What a run may have more of, besides: a group of short steps ends after a second, so a slow or busy machine makes a few
 * more of them, of up to 500 bytes an event. What code adds to each step is far above it, or is seen where each step has an
 * activity of its own.
 */
const ROOM = { events: 20, bytes: 10_000 };

/**
 * What a step may have more of: the longer it takes on a slow machine, the more often somebody looks whether it has ended. And
 * the same code was at 0.58 and 0.69 of the handwritten one's CPU within an hour on one machine, and at 0.71 and 0.86 in a fan.
 */
const ROOM_OF_STEP = { calls: 15, cpu_ratio: 0.2 };

/** What is compared, and what it is called. */
const METRICS = {
  events: 'events of history per step',
  bytes: 'bytes of history per step',
  files: 'files on the disk per step',
  kb: 'KB on the disk per step',
  calls: 'system calls about files and processes per step',
  cpu_ratio: 'CPU per step ÷ the handwritten one',
};

const COUNTS = ['events', 'bytes', 'files', 'kb'];

/**
 * Of each count the least that a round had. A busy machine adds to some of them (a task that is given again, a heartbeat),
 * and what code adds is in every round.
 */
export function leastOf(rounds) {
  return Object.fromEntries(COUNTS.map((name) => [name, Math.min(...rounds.map((round) => round[name]))]));
}

/**
 * Compares what was measured now with the baseline, both by shape and metric. What only one of them has is not compared.
 *
 * @returns `lines`, one per comparison, and `faults`, one for each that is too much
 */
export function grown(baseline, now) {
  const all = Object.entries(now).flatMap(([shape, values]) =>
    Object.keys(METRICS).map((metric) => ({
      shape,
      metric,
      is: values[metric],
      was: baseline[shape]?.[metric],
      room: (ROOM[metric] ?? 0) / (values.steps ?? Infinity) + (ROOM_OF_STEP[metric] ?? 0),
    })),
  );
  const known = all
    .filter(({ is, was }) => is !== undefined && was !== undefined)
    .map((each) => ({ ...each, most: each.was * MOST + each.room }));
  return {
    lines: known.map(({ shape, metric, is, was }) => `${shape}: ${METRICS[metric]}: ${change(is, was)}`),
    faults: known
      .filter(({ is, most }) => is > most)
      .map(({ shape, metric, is, was, most }) => {
        return `GREW: ${shape}: ${METRICS[metric]}: ${change(is, was)}, at most ${short(most)}`;
      }),
  };
}

function change(is, was) {
  return `${short(is)}, was ${short(was)} (${(is / was).toFixed(2)})`;
}
