import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What is loaded first into each thread of the worker. */
const PRELOADED = ['give-back-memory', 'workflow-thread'].map((name) =>
  fileURLToPath(new URL(`../../dist/service/${name}.cjs`, import.meta.url)),
);

/**
 * What the allocator of glibc is told: by itself it makes a pool for nearly every thread, and keeps ever more of what was
 * freed. Others than glibc take no notice.
 */
const ALLOCATOR = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' };

/** Names which of the variables are the service's own and not the user's. */
const ALLOCATOR_NAMES = 'ORCH_ALLOCATOR';

/** Options of Node for the worker. @param machine bytes of memory that there are */
export function memoryOptions(machine = memoryOfMachine()): string[] {
  return [
    `--max-old-space-size=${heapLimitMb(machine)}`,
    // For what has just been made; it is 16 MB by itself, three times for each of the threads.
    '--max-semi-space-size=4',
    // Before it collects what is older, V8 lets the heap grow to a multiple of what stayed: here to so much more.
    '--heap-growing-percent=30',
    ...PRELOADED.map((file) => `--require=${file}`),
  ];
}

/** Adds to the worker's environment how it is to keep its memory, unless the user has said so. */
export function withAllocator(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(ALLOCATOR).filter(([name]) => env[name] === undefined);
  if (own.length === 0) return env;
  return { ...env, ...Object.fromEntries(own), [ALLOCATOR_NAMES]: own.map(([name]) => name).join(' ') };
}

/** Takes it out again, in the worker: it has had its effect, and is not for the processes that the worker starts. */
export function dropAllocator(env: Record<string, string | undefined>): void {
  for (const name of (env[ALLOCATOR_NAMES] ?? '').split(' ')) if (name in ALLOCATOR) delete env[name];
  delete env[ALLOCATOR_NAMES];
}

/**
 * Of the worker's main thread, and of the one that its workflows are in. Node's own limit is 4 GB on a large machine, for
 * each: a run gone wild would take all memory from the steps before it met that.
 */
function heapLimitMb(machine: number): number {
  return Math.max(512, Math.min(2048, Math.floor(machine / 4 / 2 ** 20)));
}

/** That of the container, where there is one. */
function memoryOfMachine(): number {
  return Math.min(totalmem(), process.constrainedMemory?.() || Infinity);
}
