import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'that waits for an approval which its timeline shows',
  builds: [], // engine version 5 began with it
  open: (run) => run.steps({ release: { status: 'waiting' } }),
  end: async (run) => {
    await run.orch('approve', run.id, 'release');
    await run.orch('approve', run.id, 'announce', '--by', 'ann');
  },
  ends: 'succeeded',
} satisfies Steering;
