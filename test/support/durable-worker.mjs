// A worker for tests to kill: runs the spec in argv[2] with the built code, and dies by kill -9 at the point in argv[3]
// (at `detached` it only detaches).
// What becomes of the process goes to the file in argv[4].
import { renameSync, writeFileSync } from 'node:fs';
import { generationOf, makeDir } from '../../dist/process/durable/files.js';
import { launch } from '../../dist/process/durable/launch.js';
import { markOf } from '../../dist/process/durable/marked.js';
import { runDurable } from '../../dist/process/index.js';

const [specText, point, resultFile] = process.argv.slice(2);
const spec = JSON.parse(specText);
const die = () => process.kill(process.pid, 'SIGKILL');

if (point.startsWith('launched')) {
  const generation = generationOf(spec.tryDir, 0);
  makeDir(generation.dir);
  const wrapper = await launch(generation, markOf(generation), spec, () => {});
  if (point === 'launched-frozen') process.kill(wrapper.pid, 'SIGSTOP');
  die();
}
const detach = new AbortController();
const onStart = { claimed: die, detached: () => detach.abort() }[point];
const end = await runDurable(spec, { onStart, detach: detach.signal });
if (point === 'ended') die();
writeFileSync(`${resultFile}.draft`, JSON.stringify(end));
renameSync(`${resultFile}.draft`, resultFile);
