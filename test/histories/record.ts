// Records a history with the build of this checkout. Not a test: `npm run history NAME` runs it by vitest, for what
// steers a run is TypeScript, and uses what the tests use.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { runCli } from '../support/cli.js';
import { earlierHistories, historyText } from '../support/history-file.js';
import { HISTORIES, SteeredRun, steeringOf } from '../support/steered-run.js';

/** Stands in the histories: the same on each machine. */
const PLACE = '/tmp/orch-history';
const name = process.env['ORCH_HISTORY']!;
const folder = path.join(HISTORIES, name);
const state = path.join(PLACE, 'state');

test(`records ${name}`, async () => {
  rmSync(PLACE, { recursive: true, force: true });
  mkdirSync(PLACE);
  const steering = await steeringOf(name);
  Object.assign(process.env, steering.env);
  await runCli(['up'], { env: { ORCH_STATE_DIR: state } });
  const connection = await Connection.connect({ address: address() });
  try {
    const { workflow } = new Client({ connection });
    const run = new SteeredRun(name, `history-${name}`, path.join(PLACE, 'work'), state);
    const record = async (when: 'open' | 'history'): Promise<void> => {
      const ids = { '': run.id, ...(await steering.besides?.(run)) };
      for (const [what, id] of Object.entries(ids))
        write(what === '' ? when : `${what}.${when}`, await historyText(workflow, id));
    };
    await (steering.start ?? (() => run.start()))(run);
    await steering.open(run);
    await record('open');
    await steering.end(run);
    expect(await run.ended()).toBe(steering.ends);
    await record('history');
    for (const [i, text] of (await earlierHistories(workflow, run.id)).entries()) write(`earlier-${i + 1}`, text);
  } finally {
    await connection.close();
    await runCli(['down', '--stop-steps'], { env: { ORCH_STATE_DIR: state } });
    rmSync(PLACE, { recursive: true, force: true });
  }
});

function address(): string {
  const file = path.join(state, 'service', 'service.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { server: { address: string } }).server.address;
}

function write(what: string, text: string): void {
  const file = path.join(folder, `${what}.json`);
  expect(existsSync(file), `${file} is there already`).toBe(false);
  writeFileSync(file, text);
}
