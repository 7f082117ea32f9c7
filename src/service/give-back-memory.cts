/*
 * Loaded first into every thread of the embedded worker (`--require`): the one that its workflows are in is the SDK's,
 * and nothing else of orch's gets into it.
 *
 * V8 collects when it needs room, which an idle thread does not: without this a worker keeps for hours what a large run has
 * left behind. So a thread that rests collects what has come together since it last did.
 */
import hooks = require('node:perf_hooks');
import v8 = require('node:v8');
import vm = require('node:vm');

/** Milliseconds between two looks. */
const LOOK_MS = 10_000;

/** A thread rests that was busy for less than this share of the time since the last look. */
const RESTING = 0.1;

/** What is to have come together: this much, or this share of what had to stay. Bytes. */
const LEAST = 8 * 2 ** 20;
const SHARE = 0.25;

/** What had to stay may be let go of without anything new: so a thread also collects after so many times as much work. */
const WORK = 10;

/** Nor need that take any work: so a thread that was busy collects once more when it has rested for so many looks. */
const SETTLED = 3;

const collect = collector();
/** The last time: what had to stay, how long it took, and how long the thread had worked by then. Bytes and milliseconds. */
let last = { stays: 0, took: 0, worked: 0 };
let before = hooks.performance.eventLoopUtilization();
/** Looks since it was last busy. */
let rested = 0;

setInterval(() => {
  const now = hooks.performance.eventLoopUtilization();
  const { utilization } = hooks.performance.eventLoopUtilization(now, before);
  before = now;
  rested = utilization > RESTING ? 0 : rested + 1;
  if (rested === 0) return;
  const grown = v8.getHeapStatistics().used_heap_size - last.stays >= Math.max(LEAST, last.stays * SHARE);
  const worked = last.took > 0 && now.active - last.worked >= WORK * last.took;
  if (!grown && !worked && rested !== SETTLED) return;
  const began = hooks.performance.now();
  collect();
  const took = hooks.performance.now() - began;
  last = { stays: v8.getHeapStatistics().used_heap_size, took, worked: now.active };
}, LOOK_MS).unref();

/** Node's `gc`, without leaving it where workflow code or anything else would find it. */
function collector(): () => void {
  v8.setFlagsFromString('--expose-gc');
  try {
    return vm.runInNewContext('gc') as () => void;
  } finally {
    v8.setFlagsFromString('--no-expose-gc');
  }
}
