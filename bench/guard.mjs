// The regression guard: what a step costs, in what does not depend on the machine, beside bench/baseline.json. CI runs it.
//   node bench/guard.mjs [--update]
// Compared are counts per step (events and bytes of history, files and KB on the disk, system calls that have to do with
// files and processes), and the CPU per step as a ratio to the handwritten workflow of the same rounds: seconds of two
// machines say nothing about each other. Exits 1 where one of them is more than 1.15 times the baseline.
// --update writes a new baseline; commit it with the change that is worth it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { grown, leastOf } from './guard/compare.mjs';
import { machineOf } from './measure/machine.mjs';
import { BenchService } from './measure/service.mjs';
import { canTrace, traced } from './measure/system-calls.mjs';
import { parseShape } from './shapes.mjs';

const BASELINE = fileURLToPath(new URL('baseline.json', import.meta.url));
/**
 * Small, so that all of it takes minutes; a chain is about round trips, a fan about throughput. Short steps go to the worker
 * in groups; the last one has an activity for each, as all others have.
 */
const SHAPES = [
  { name: 'chain-50', shape: 'chain-50' },
  { name: 'fan-200@50', shape: 'fan-200@50' },
  { name: 'chain-50, an activity each', shape: 'chain-50', env: { ORCH_SHORT_STEPS: '0' } },
];
const WARM_UP = 'fan-100@50';
const ROUNDS = 3;

const { values: flags } = parseArgs({ options: { update: { type: 'boolean', default: false } } });
if (!flags.update && !existsSync(BASELINE)) {
  throw new Error('there is no bench/baseline.json; `npm run bench:guard -- --update` writes it');
}
const traces = canTrace();
const service = await BenchService.start();
let machine;
let now;
try {
  machine = machineOf(service.temporal);
  now = await measureAll();
} finally {
  await service.close();
}
if (flags.update) {
  writeFileSync(BASELINE, `${JSON.stringify({ at: new Date().toISOString(), machine, shapes: now }, undefined, 2)}\n`);
  process.stdout.write(`written: ${path.relative(process.cwd(), BASELINE)}\n`);
} else {
  judge(JSON.parse(readFileSync(BASELINE, 'utf8')));
}

async function measureAll() {
  for (const contender of ['orch', 'handwritten']) await service.measure(contender, parseShape(WARM_UP));
  const found = {};
  const { env: usual } = service.rig;
  for (const { name, shape, env } of SHAPES) {
    service.rig.env = { ...usual, ...env };
    found[name] = await measureShape(parseShape(shape));
  }
  service.rig.env = usual;
  return found;
}

async function measureShape(shape) {
  const rounds = { orch: [], handwritten: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const contender of Object.keys(rounds)) rounds[contender].push(await service.measure(contender, shape));
  }
  const [cpu, handwritten] = Object.values(rounds).map((each) => Math.min(...each.map((round) => round.cpu_ms)));
  return {
    ...leastOf(rounds.orch),
    ...(await callsOf(shape)),
    cpu_ratio: cpu / handwritten,
    cpu_ms: cpu, // for people who look at the baseline on the machine that it names
    steps: shape.runs * shape.steps,
  };
}

/** By runs of their own, for strace makes everything slow; of two the lesser, for some of it depends on the time. */
async function callsOf(shape) {
  if (!traces) return {};
  const file = path.join(service.rig.root, 'strace');
  const totals = [];
  for (let round = 0; round < 2; round += 1) {
    const counts = await traced(service.orchPids(), file, () => service.runOrch(shape));
    totals.push(Object.values(counts).reduce((sum, count) => sum + count, 0));
  }
  return { calls: Math.min(...totals) / (shape.runs * shape.steps) };
}

function judge(baseline) {
  const { lines, faults } = grown(baseline.shapes, now);
  process.stdout.write(`${lines.join('\n')}\n`);
  if (!traces) process.stdout.write('system calls are left out: strace is not there, or may not look at processes\n');
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  if (faults.length > 0) {
    process.stdout.write('if the price is worth it, `npm run bench:guard -- --update` writes the new baseline\n');
    process.exitCode = 1;
  }
}
