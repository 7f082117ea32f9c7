// The memory of a worker: idle, after runs, in and after a large one, and while a step prints much.
//   node bench/memory.mjs [--runs 10] [--steps 1000] [--layered 10000] [--settle 300] [--loud 2048]
// A size of 0 leaves a part out. --settle is how many seconds after the large run its rest is measured; --loud is in
// MiB, and needs twice as much room on the disk. Exits 1 where one of the limits below is passed.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Rig } from '../test/chaos/rig.mjs';
import { cpuOf } from './measure/processes.mjs';
import { layeredParents, stepsBy } from './shapes.mjs';

const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    steps: { type: 'string', default: '1000' },
    layered: { type: 'string', default: '10000' },
    settle: { type: 'string', default: '300' },
    loud: { type: 'string', default: '2048' },
  },
});
const [runs, steps, layered, settle, loud] = ['runs', 'steps', 'layered', 'settle', 'loud'].map((name) =>
  Number(flags[name]),
);

/** In MB. */
const LIMITS = { idle: 200, peak: 400, after: 250, loud: 300 };
/** Steps of a layer. */
const LAYER = 100;

const rig = new Rig();
try {
  await rig.orch('up');
  await sleep(15_000); // for 10 s the SDK keeps what it has checked its bundle with
  report('idle', LIMITS.idle);
  if (runs > 0) await afterRuns();
  if (layered > 0) await largeRun();
  if (loud > 0) await loudStep();
} finally {
  await rig.close();
}

async function afterRuns() {
  for (let run = 0; run < runs; run += 1) {
    const id = `fan-${run}`;
    const list = stepsBy(steps, () => []);
    await rig.start(id, { plan_id: 'fan', version: '1.0', globals: { max_concurrency: 100 }, steps: list });
    await ended(id);
  }
  await sleep(60_000);
  report(`a minute after ${runs} runs of ${steps} steps`, LIMITS.idle);
}

async function largeRun() {
  const list = stepsBy(layered, (i) => layeredParents(i, LAYER));
  const cpu = cpuOf(pid());
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, rssMb())), 500);
  await rig.start('layers', { plan_id: 'layers', version: '1.0', steps: list });
  await ended('layers');
  clearInterval(timer);
  const used = cpuOf(pid());
  report(`${layered} steps in layers, at the peak (${(used - cpu).toFixed(1)} s of CPU)`, LIMITS.peak, peak);
  await sleep(60_000);
  report(`a minute later (${(cpuOf(pid()) - used).toFixed(1)} s of CPU since)`);
  await sleep(Math.max(0, settle - 60) * 1000);
  report(`${settle} s after the run`, LIMITS.after);
}

async function loudStep() {
  const bytes = loud * 2 ** 20;
  const lines = `yes 'a line of output that is as long as many lines of logs are' | head -c ${bytes}`;
  const step = { id: 'loud', command: lines, shell: true, max_output_bytes: 2 * bytes };
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, rssMb())), 500);
  await rig.start('loud', { plan_id: 'memory', version: '1.0', steps: [step] });
  await ended('loud');
  clearInterval(timer);
  report(`a step that prints ${loud} MiB, at the peak`, LIMITS.loud, peak);
}

async function ended(id) {
  while (!['succeeded', 'failed', 'canceled', 'terminated'].includes(rig.manifest(id)?.status)) await sleep(500);
}

function report(what, limit = Infinity, mb = rssMb()) {
  process.stdout.write(`${String(mb).padStart(5)} MB  ${what}${mb > limit ? `: more than ${limit} MB` : ''}\n`);
  if (mb > limit) process.exitCode = 1;
}

/** What the worker holds of the machine's memory. */
function rssMb() {
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid()}/status`, 'utf8'))[1]) / 1000);
}

function pid() {
  return rig.service().worker.pid;
}
