// The shapes of work that benches run, by name: KIND-SIZE, and @N for at most N steps at once.
//   chain-100, fan-1000@8, layered-1000, foreach-1000, runs-50

/** Steps of a layer where a bench asks for none. */
const WIDTH = 50;
/** Steps at once where a name says nothing. */
const AT_ONCE = 100;
/** Steps of each of the runs of `runs-N`. */
const RUN_STEPS = 20;

const KINDS = ['chain', 'fan', 'layered', 'foreach', 'runs'];

/** What `npm run bench` runs. */
export const USUAL = [
  'chain-100',
  'chain-1000',
  'fan-100@8',
  'fan-100@100',
  'fan-1000@8',
  'fan-1000@100',
  'layered-1000',
  'foreach-1000',
  'runs-50',
];

/** Takes minutes each, so nobody gets them who has not asked. */
export const LARGE = ['chain-10000', 'fan-10000', 'layered-10000', 'foreach-10000'];

/**
 * @returns `{ name, kind, runs, steps, concurrency }`: `steps` are those of one run, and there are `runs` of them
 * @throws Error where the name is none of a shape
 */
export function parseShape(name) {
  const [, kind, size, atOnce] = /^([a-z]+)-(\d+)(?:@(\d+))?$/.exec(name) ?? [];
  if (!KINDS.includes(kind) || Number(size) === 0 || atOnce === '0') {
    throw new Error(`'${name}' is not a shape; write KIND-SIZE or KIND-SIZE@N, with one of ${KINDS.join(', ')}`);
  }
  const concurrency = Number(atOnce ?? AT_ONCE);
  if (kind === 'runs') return { name, kind, runs: Number(size), steps: RUN_STEPS, concurrency };
  return { name, kind, runs: 1, steps: Number(size), concurrency };
}

/** The plan of a shape for orch. Each of its steps is the process `true`. */
export function planOf({ name, kind, steps, concurrency }) {
  return {
    plan_id: name.replace('@', '-at-'),
    version: '1.0',
    globals: { max_concurrency: concurrency },
    steps: stepsOf(kind, steps),
  };
}

function stepsOf(kind, steps) {
  if (kind === 'foreach') return [{ id: 'each', foreach: Array.from({ length: steps }, (_, i) => i), command: 'true' }];
  return stepsBy(steps, (i) => parentsOf(kind, i));
}

/** Steps of a plan that wait for each other as `parents` says, by their numbers, and do what `work` says. */
export function stepsBy(count, parents, work = () => ({ command: 'true' })) {
  return Array.from({ length: count }, (_, i) => {
    const before = parents(i).map((parent) => `s${parent}`);
    return { id: `s${i}`, ...work(i), ...(before.length > 0 && { depends_on: before }) };
  });
}

/** The steps that a step of a kind waits for, by their numbers. */
export function parentsOf(kind, i, width = WIDTH) {
  if (kind === 'layered') return layeredParents(i, width);
  return (kind === 'chain' || kind === 'runs') && i > 0 ? [i - 1] : [];
}

/** Of layers one below the other: each step waits for the one above it, and for that one's neighbor. */
export function layeredParents(i, width) {
  if (i < width) return [];
  const above = i - width;
  return [above, above - (above % width) + ((above + 1) % width)];
}
