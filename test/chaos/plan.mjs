// The plans of the chaos runs, and what each of their steps must have done in the end.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const STEP = path.join(path.dirname(fileURLToPath(import.meta.url)), 'step.sh');
const FILLER = 'x'.repeat(1000);

/** A chain of short steps, and after it a fan of them: they go to the worker in groups, for none reads of another. */
const CHAIN = Array.from({ length: 24 }, (_, i) => `chain-${i + 1}`);
const FAN = Array.from({ length: 16 }, (_, i) => `fan-${i + 1}`);
const SHORT = Object.fromEntries(
  [...CHAIN, ...FAN].map((id, i) => {
    const depends_on = i === 0 ? [] : [CHAIN[Math.min(i, CHAIN.length) - 1]];
    return [id, { lines: 0, pause: 0, codes: [0], depends_on, reads: false }];
  }),
);

/** Lines, pause between them, the exit code of each attempt and more of each step. */
const STEPS = {
  ...SHORT,
  first: { lines: 5, pause: 0.1, codes: [0], depends_on: FAN, reads: false },
  slow: { lines: 20, pause: 0.2, codes: [0], depends_on: ['first'] },
  loud: { lines: 200, pause: 0.01, codes: [0], depends_on: ['first'] },
  seven: { lines: 8, pause: 0.2, codes: [7], depends_on: ['first'], more: { success_exit_codes: [0, 7] } },
  warns: { lines: 10, pause: 0.1, codes: [4], depends_on: ['first'], more: { warning_exit_codes: [4] } },
  fails: { lines: 6, pause: 0.3, codes: [3], depends_on: ['first'], more: { on_failure: 'continue', run_once: true } },
  flaky: { lines: 5, pause: 0.2, codes: [5, 0], depends_on: ['first'], more: { retries: 1, retry_delay_sec: 0.2 } },
  once: { lines: 4, pause: 0.3, codes: [0], depends_on: ['warns'], more: { run_once: true } },
  quick: { lines: 0, pause: 0, codes: [0], depends_on: ['seven'] },
  last: { lines: 3, pause: 0.1, codes: [0], depends_on: ['slow', 'loud', 'fails', 'once', 'quick', 'flaky'] },
};

/** A plan whose steps are hit through their workers only: each runs exactly once. */
export function servicesPlan(dir) {
  const steps = Object.entries(STEPS).map(([id, { lines, pause, codes, depends_on, reads = true, more = {} }]) => {
    const conditions = (reads ? depends_on : []).map((of) => `prev.${of}.outputs.value == '${of}-${STEPS[of].lines}'`);
    return step(dir, id, [lines, pause, codes], {
      depends_on,
      ...(conditions.length > 0 && { condition: conditions.join(' && ') }),
      ...more,
    });
  });
  return { plan_id: 'chaos-services', version: '1.0', steps };
}

/** What the steps of {@link servicesPlan} must have come to. */
export const EXPECTED = Object.entries(STEPS).map(([id, { lines, codes }]) => ({
  id,
  status: { 3: 'failed', 4: 'warning' }[codes.at(-1)] ?? 'success',
  codes,
  stdout: text(lines, (i) => `${id} out ${i} ${FILLER}`),
  stderr: text(lines, (i) => `${id} err ${i}`),
  // Only what some expression reads is carried.
  outputs: Object.values(STEPS).some((other) => other.reads !== false && other.depends_on?.includes(id))
    ? { value: `${id}-${lines}` }
    : {},
}));

/** Steps that are killed themselves. */
export const VICTIMS = { again: {}, once: { run_once: true, on_failure: 'continue' } };

export function victimsPlan(dir) {
  const steps = Object.entries(VICTIMS).map(([id, more]) => step(dir, id, [25, 0.1, 0], more));
  return { plan_id: 'chaos-victims', version: '1.0', steps };
}

function step(dir, id, numbers, more) {
  return { id, command: '/bin/sh', args: [STEP, dir, id, ...numbers.map(String)], env: { FILLER }, ...more };
}

function text(lines, line) {
  return Array.from({ length: lines }, (_, i) => `${line(i)}\n`).join('');
}
