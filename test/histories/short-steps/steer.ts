import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'whose short steps went to the worker in groups',
  builds: [], // engine version 6 began with it
  open: (run) => run.steps({ five: { status: 'success' }, asks: { status: 'waiting' } }),
  end: async (run) => {
    await run.orch('approve', run.id, 'asks');
  },
  ends: 'failed',
} satisfies Steering;
