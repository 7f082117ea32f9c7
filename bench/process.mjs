// The cost of a step's process: plain execa, as it was, beside the durable process. `node bench/process.mjs [rounds]`
// BALLAST_MB makes this process large: to fork a large one takes long, and blocks it.
import { mkdtempSync, openSync, closeSync, mkdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { runDurable } from '../dist/process/index.js';

const rounds = Number(process.argv[2] ?? 5);
const ballast = Buffer.alloc(Number(process.env.BALLAST_MB ?? 0) * 2 ** 20, 1);
const root = mkdtempSync(path.join(os.tmpdir(), 'orch-bench-process-'));
const command = { file: '/bin/true', args: [], cwd: root, env: { PATH: process.env.PATH } };
let count = 0;

const variants = {
  'execa, files': async () => {
    const dir = path.join(root, String((count += 1)));
    mkdirSync(dir);
    const [stdout, stderr] = ['out', 'err'].map((name) => openSync(path.join(dir, name), 'a', 0o600));
    const options = { cwd: root, env: command.env, extendEnv: false, detached: true, cleanup: false, buffer: false };
    const run = execa(command.file, command.args, { ...options, stdin: 'ignore', stdout, stderr });
    closeSync(stdout);
    closeSync(stderr);
    await run;
  },
  durable: async () => {
    const end = await runDurable({ ...command, tryDir: path.join(root, String((count += 1))), graceMs: 1000 });
    if (end.kind !== 'exited' || end.exitCode !== 0) throw new Error(JSON.stringify(end));
  },
};

const results = Object.fromEntries(Object.keys(variants).map((name) => [name, { chain: [], fan: [], busy: [] }]));
for (const run of Object.values(variants)) for (let i = 0; i < 10; i += 1) await run();
for (let round = 0; round < rounds; round += 1) {
  for (const [name, run] of Object.entries(variants)) {
    const before = performance.eventLoopUtilization();
    const chain = await timed(async () => {
      for (let i = 0; i < 100; i += 1) await run();
    });
    results[name].chain.push(chain / 100);
    results[name].busy.push(performance.eventLoopUtilization(before).active / 100);
    results[name].fan.push(await timed(() => Promise.all(Array.from({ length: 50 }, run))));
  }
}
rmSync(root, { recursive: true });

console.log(
  `this process has ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB, ${ballast.length / 2 ** 20} of them ballast`,
);
console.log(`medians of ${rounds}:  100 in a row (ms each)   of that this process is busy   50 at once (ms)`);
for (const [name, { chain, busy, fan }] of Object.entries(results)) {
  const cells = [
    median(chain).toFixed(2).padStart(21),
    median(busy).toFixed(2).padStart(27),
    median(fan).toFixed(0).padStart(24),
  ];
  console.log(`${name.padEnd(14)}${cells.join('')}`);
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(numbers) {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
