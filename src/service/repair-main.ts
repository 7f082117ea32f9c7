// What the watcher (bin/watch.sh) runs when something of the embedded service is dead or stuck.
import { parseArgs } from 'node:util';
import { messageOf } from './errors.js';
import { repairService } from './repair.js';

/** As the watcher knows it. */
const OVER = 10;

const say = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
const { values } = parseArgs({ options: { why: { type: 'string' } }, strict: false });

try {
  const stuck = values['why'] === 'stuck';
  const outcome = await repairService({ env: process.env, watcher: process.ppid, stuck, say });
  if (outcome === 'over') process.exitCode = OVER;
} catch (error) {
  say(messageOf(error));
  process.exitCode = 1;
}
