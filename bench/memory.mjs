// The memory of a worker whose step prints much. `node bench/memory.mjs [MiB]`; needs twice as much room on the disk.
// Exits 1 where the worker needed more than 300 MB at its peak.
import { readFileSync } from 'node:fs';
import { Rig } from '../test/chaos/rig.mjs';

const LIMIT_MB = 300;
const mib = Number(process.argv[2] ?? 2048);
const bytes = mib * 2 ** 20;
const rig = new Rig();
try {
  await rig.orch('up');
  const { pid } = rig.service().worker;
  const before = peakMb(pid);
  const lines = `yes 'a line of output that is as long as many lines of logs are' | head -c ${bytes}`;
  const step = { id: 'loud', command: lines, shell: true, max_output_bytes: 2 * bytes };
  const began = performance.now();
  await rig.start('loud', { plan_id: 'memory', version: '1.0', steps: [step] });
  await rig.orch('watch', 'loud');
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const after = peakMb(pid);
  process.stdout.write(
    `a step that prints ${mib} MiB, ${seconds} s: the worker needs ${after} MB at its peak, ${before} before\n`,
  );
  process.exitCode = after > LIMIT_MB ? 1 : 0;
} finally {
  await rig.close();
}

function peakMb(pid) {
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1000);
}
