import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { callCli, runCli } from '../support/cli.js';
import { oldBuild } from '../support/old-build.js';
import { tempDir, uniqueId } from '../support/plans.js';
import { SteeredRun, steeredHistories, steeringOf, type Steering } from '../support/steered-run.js';

vi.setConfig({ testTimeout: 100_000, hookTimeout: 240_000 });

interface Steered {
  name: string;
  /** As the title says it. */
  what: string;
  steering: Steering;
}
const steerings: Steered[] = [];
for (const name of steeredHistories()) {
  const steering = await steeringOf(name);
  steerings.push({ name, what: steering.what, steering });
}
const builds = [...new Set(steerings.flatMap(({ steering }) => steering.builds))].sort();

// Users upgrade with runs open. Here an old build begins runs of every kind, on its own service; once
// they all wait, `orch up` of today replaces its worker, and they are steered to their ends as they were when their
// histories were recorded.
describe.each(builds)('runs that the build %s has begun', (build) => {
  const begun = steerings.filter(({ steering }) => steering.builds.includes(build));
  const state = tempDir();
  const old = oldBuild(build, path.join(tempDir(), 'old orch'));
  const runs = new Map<string, SteeredRun>();
  const env = { ORCH_STATE_DIR: state };
  const worker = (): { build_id: string } =>
    (JSON.parse(readFileSync(path.join(state, 'service', 'service.json'), 'utf8')) as { worker: { build_id: string } })
      .worker;
  let before = '';

  beforeAll(async () => {
    await old(['up'], { env });
    before = worker().build_id;
    const begin = async ({ name, steering }: Steered): Promise<void> => {
      const run = new SteeredRun(name, uniqueId(name), path.join(tempDir(), 'work'), state, old);
      runs.set(name, run);
      await (steering.start ?? (() => run.start()))(run);
      await steering.open(run);
    };
    await Promise.all(begun.map(begin));
    expect((await runCli(['up'], { env })).stderr).not.toContain('error');
  });
  afterAll(() => runCli(['down', '--stop-steps'], { env }));

  test('are served by the worker of today', () => {
    expect(worker().build_id).not.toBe(before);
  });

  // At once, and not for long: a run whose history does not replay stands still.
  test.concurrent.each(begun)('a run $what goes on to its end', async ({ name, steering }) => {
    const run = runs.get(name)!;
    run.call = callCli;
    await steering.end(run);
    const ended = await run.ended();
    expect(ended, (await run.tries('status', run.id)).stdout).toBe(steering.ends);
  });
});
