import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { dropAllocator, memoryOptions, withAllocator } from '../../src/service/worker-memory.js';

test('the allocator is told what the user has not said, and no process of the worker is', () => {
  const told = withAllocator({ HOME: '/', MALLOC_ARENA_MAX: '7' });
  expect(told).toMatchObject({ MALLOC_ARENA_MAX: '7', MALLOC_TRIM_THRESHOLD_: '131072' });
  dropAllocator(told);
  expect(told).toEqual({ HOME: '/', MALLOC_ARENA_MAX: '7' });

  const user = { MALLOC_ARENA_MAX: '7', MALLOC_TRIM_THRESHOLD_: '1' };
  expect(withAllocator(user)).toEqual(user);
  dropAllocator(user);
  expect(user).toEqual({ MALLOC_ARENA_MAX: '7', MALLOC_TRIM_THRESHOLD_: '1' });
});

/** Makes 50 MB that nobody holds, and ends once they are gone; V8's own reducer, which is off here, acts late or not at all. */
const IDLER = `
  const v8 = require('node:v8');
  const { isMainThread, Worker } = require('node:worker_threads');
  let held = Array.from({ length: 1e6 }, (_, i) => ({ i }));
  const made = v8.getHeapStatistics().used_heap_size;
  held = undefined;
  const timer = setInterval(() => {
    if (v8.getHeapStatistics().used_heap_size > made - 30e6) return;
    clearInterval(timer);
    console.log(isMainThread ? 'main' : 'thread', typeof gc);
  }, 200);
`;

test('a worker that rests gives back what it no longer needs, in each of its threads, and nobody finds a way to collect', () => {
  const both = `${IDLER} if (isMainThread) new Worker(process.env.IDLER, { eval: true });`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--no-memory-reducer', ...memoryOptions(), '-e', both], {
    encoding: 'utf8',
    timeout: 180_000,
    env: { ...process.env, IDLER },
  });
  expect([stdout.trimEnd().split('\n').sort(), stderr]).toEqual([['main undefined', 'thread undefined'], '']);
});

/** Holds 50 MB over a first collection, which waste brings about, and lets go of them only then, with some work or none. */
const LATER = `
  const v8 = require('node:v8');
  const used = () => v8.getHeapStatistics().used_heap_size;
  let held = Array.from({ length: 1e6 }, (_, i) => ({ i }));
  let waste = Array.from({ length: 1e6 }, (_, i) => ({ i }));
  const made = used();
  waste = undefined;
  let left;
  const timer = setInterval(() => {
    if (left === undefined && used() < made - 30e6) {
      held = undefined;
      left = used();
      for (const end = Date.now() + Number(process.env.WORK_MS); Date.now() < end; );
    }
    if (left === undefined || used() > left - 30e6) return;
    clearInterval(timer);
    console.log('given back');
  }, 200);
`;

// After a run of 100,000 steps it was let go of when the worker had just collected, and had nothing to do any more.
test.each([
  ['with work', 5000],
  ['without any', 0],
])('what is let go of after a worker has last collected is given back, too, though no more has come: %s', (_, work) => {
  const { stdout } = spawnSync(process.execPath, ['--no-memory-reducer', ...memoryOptions(), '-e', LATER], {
    encoding: 'utf8',
    timeout: 120_000,
    env: { ...process.env, WORK_MS: String(work) },
  });
  expect(stdout).toBe('given back\n');
});

/** Says whether V8 tells of the promises that are made here, as it does the SDK; and what code in a sandbox remembers. */
const HOOKED = `
  let told = false;
  require('node:v8').promiseHooks.createHook({ init: () => { told = true; }, settled: () => {} });
  const { AsyncLocalStorage } = require('node:async_hooks');
  const storage = new AsyncLocalStorage();
  const context = require('node:vm').createContext({ storage }, { microtaskMode: 'afterEvaluate' });
  const code = 'storage.run("scope", async () => { await null; await 0; found = storage.getStore(); }); storage.getStore()';
  require('node:vm').runInContext(code, context);
  console.log(require('node:worker_threads').isMainThread ? 'main' : 'thread', told, context.found);
`;

test.each([
  [{}, ['main true scope', 'thread false scope']],
  [{ ORCH_DEBUG: '1' }, ['main true scope', 'thread true scope']],
])('no stacks are kept of the promises of workflow code, unless somebody debugs it: %j', (debug, told) => {
  const { ORCH_DEBUG: _, ...env } = process.env;
  const both = `${HOOKED} new (require('node:worker_threads').Worker)(process.env.HOOKED, { eval: true });`;
  const { stdout } = spawnSync(process.execPath, [...memoryOptions(), '-e', both], {
    encoding: 'utf8',
    env: { ...env, HOOKED, ...debug },
  });
  expect(stdout.trimEnd().split('\n').sort()).toEqual(told);
});

/** Computes in a sandbox for three seconds, with a limit of so many milliseconds, as the SDK sets one. */
const COMPUTES = `
  const { isMainThread, Worker } = require('node:worker_threads');
  const vm = require('node:vm');
  if (isMainThread) new Worker(process.env.COMPUTES, { eval: true });
  else {
    const context = vm.createContext({ Date });
    const code = 'const end = Date.now() + 3000; while (Date.now() < end || forever); "done"';
    context.forever = process.env.FOREVER === '1';
    console.log(new vm.Script(code).runInContext(context, { timeout: Number(process.env.LIMIT_MS) }));
  }
`;

test.each([
  [{ LIMIT_MS: '60000' }, { stdout: 'done\n', signal: null }],
  [
    { LIMIT_MS: '1000', FOREVER: '1' },
    { stdout: '', signal: 'SIGKILL' },
  ],
])('workflow code that computes for too long ends the worker, and no other does: %j', (limit, end) => {
  const { stdout, signal, stderr } = spawnSync(process.execPath, [...memoryOptions(), '-e', COMPUTES], {
    encoding: 'utf8',
    timeout: 180_000,
    env: { ...process.env, COMPUTES, ...limit },
  });
  expect({ stdout, signal }).toEqual(end);
  expect(stderr).toContain(signal === null ? '' : 'Workflow code has computed for longer than it may');
});

/** Of a machine with so much memory, in MB. */
const limit = (gb: number): string | undefined =>
  memoryOptions(gb * 2 ** 30).find((option) => option.startsWith('--max-old-space-size'));

test('each thread of a worker may have a quarter of the memory, but neither too little to work nor all that there is', () => {
  expect([0.25, 2, 4, 6, 8, 64].map((gb) => limit(gb)?.split('=')[1])).toEqual([
    '512',
    '512',
    '1024',
    '1536',
    '2048',
    '2048',
  ]);
});

/** A thread that holds ever more; the code of its error is the last that the process says. */
const GREEDY = `
  const { Worker } = require('node:worker_threads');
  const code = 'const held = []; for (;;) held.push(new Array(1e5).fill(0.5))';
  new Worker(code, { eval: true }).on('error', (error) => console.log(error.code));
`;

test('a thread that meets its limit is ended there, so that the other processes keep their memory', () => {
  const options = { encoding: 'utf8', timeout: 180_000 } as const;
  const { stdout } = spawnSync(process.execPath, [...memoryOptions(1), '-e', GREEDY], options);
  expect(stdout).toBe('ERR_WORKER_OUT_OF_MEMORY\n');
});
