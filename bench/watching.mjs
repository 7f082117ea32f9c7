// What it costs to follow a run: the CPU of `orch watch`, and the history of the run, beside a run that nobody watches.
//   node bench/watching.mjs [--steps 1000] [--layer 50]
// Exits 1 where watching takes more than a tenth of a core, or the run has more events than the other one by a fiftieth.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectEmbedded } from '../dist/library/index.js';
import { Rig } from '../test/chaos/rig.mjs';
import { cpuOf } from './measure/processes.mjs';
import { layeredParents, stepsBy } from './shapes.mjs';

const BIN = fileURLToPath(new URL('../bin/orch.js', import.meta.url));
/** Of a core. */
const MOST_CPU = 0.1;
/** Workflow tasks take in what has come meanwhile: no two runs have the same number of them. */
const MOST_GROWTH = 1.02;
const { values: flags } = parseArgs({
  options: { steps: { type: 'string', default: '1000' }, layer: { type: 'string', default: '50' } },
});
const [steps, layer] = [Number(flags.steps), Number(flags.layer)];

const rig = new Rig();
rig.env.ORCH_TEST_HISTORY_EVENTS = '40000'; // all of it in one history
try {
  await rig.orch('up');
  const alone = await run('alone', false);
  const watched = await run('watched', true);
  const share = watched.cpu / watched.seconds;
  const growth = watched.events / alone.events;
  process.stdout.write(
    `${steps} steps: alone ${alone.events} events in ${alone.seconds.toFixed(1)} s, watched ${watched.events} events in ${watched.seconds.toFixed(1)} s (${growth.toFixed(3)})\n` +
      `the watcher needed ${watched.cpu.toFixed(1)} s of CPU, ${(share * 100).toFixed(1)} % of a core, its start included\n`,
  );
  if (share > MOST_CPU || growth > MOST_GROWTH) process.exitCode = 1;
} finally {
  await rig.close();
}

async function run(id, isWatched) {
  const list = stepsBy(steps, (i) => layeredParents(i, layer));
  const began = performance.now();
  await rig.start(id, { plan_id: id, version: '1.0', steps: list });
  const watcher = isWatched ? watch(id) : undefined;
  while (!['succeeded', 'failed'].includes(rig.manifest(id)?.status)) await sleep(200);
  const seconds = (performance.now() - began) / 1000;
  const cpu = await watcher?.ended;
  return { seconds, cpu, events: await eventsOf(id) };
}

/** Follows a run as a person does, with a terminal's view but no terminal: what is drawn goes nowhere. */
function watch(id) {
  const child = spawn(process.execPath, [BIN, 'watch', id], { env: rig.env, stdio: 'ignore' });
  let cpu = 0;
  const look = setInterval(() => (cpu = Math.max(cpu, cpuOf(child.pid))), 100);
  const ended = new Promise((resolve) => {
    child.once('exit', () => {
      clearInterval(look);
      resolve(cpu);
    });
  });
  return { ended };
}

async function eventsOf(id) {
  const client = await connectEmbedded({ env: rig.env, start: false });
  try {
    return (await client.pulse(id)).events;
  } finally {
    await client.close();
  }
}
