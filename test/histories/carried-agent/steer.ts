import type { Steering } from '../../support/steered-run.js';

// One agent works and one waits for a person when the run goes on in a new history.
export default {
  what: 'that goes on in a new history together with its agents',
  builds: [],
  env: { ORCH_TEST_HISTORY_EVENTS: '30' },
  open: (run) => run.steps({ each: { status: 'success' }, paint: { status: 'waiting' }, work: { status: 'running' } }),
  end: async (run) => {
    await run.orch('answer', run.id, 'paint', 'blue', '--by', 'ann');
    run.write('go');
  },
  ends: 'succeeded',
} satisfies Steering;
