import { eventually } from '../../support/eventually.js';
import { loopStatus } from '../../support/loop-rig.js';
import type { Steering, SteeredRun } from '../../support/steered-run.js';

const pausedAt = (run: SteeredRun, turns: number): Promise<unknown> =>
  eventually(`it waits after ${turns} turns`, async () => {
    const { view } = await loopStatus(run.tries, run.id);
    return view?.turns === turns && view.status === 'paused';
  });

export default {
  what: 'of a loop whose input was checked once, by an activity',
  builds: [], // version 2 of loops began with it
  start: (run) => run.orch('loop', 'run', '--id', run.id, '--detach', '--pause', '--max-iterations', '2'),
  open: (run) => pausedAt(run, 1),
  end: async (run) => {
    await run.orch('loop', 'resume', run.id);
    await pausedAt(run, 2);
    await run.orch('loop', 'stop', run.id, '--reason', 'enough');
  },
  ends: 'stopped',
} satisfies Steering;
