// A worker that is large enough for a launcher. It waits for one, then runs the specs in the file argv[2] by it. When all
// of them run it writes the launcher's pid to the file in argv[3]; what becomes of them goes to the one in argv[4].
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readyLauncher } from '../../dist/process/durable/launcher.js';
import { runDurable } from '../../dist/process/index.js';

const [specsFile, pidFile, resultFile] = process.argv.slice(2);
const ballast = Buffer.alloc(120 * 2 ** 20, 1);
const specs = JSON.parse(readFileSync(specsFile, 'utf8'));
const write = (file, text) => {
  writeFileSync(`${file}.draft`, text);
  renameSync(`${file}.draft`, file);
};

while (readyLauncher() === undefined) await sleep(5);
let waitedFor = specs.length;
const onStart = () => {
  waitedFor -= 1;
  if (waitedFor === 0) write(pidFile, String(readyLauncher().pid));
};
const ends = await Promise.allSettled(specs.map((spec) => runDurable(spec, { onStart })));
const told = ends.map((end) => end.value ?? { kind: 'error', message: String(end.reason), code: end.reason.code });
write(resultFile, JSON.stringify(told));
if (ballast[0] !== 1) throw new Error('the ballast is gone');
