import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'whose short steps went to the worker in groups without being asked for',
  builds: [], // engine version 7 began with it
  open: (run) => run.steps({ five: { status: 'success' }, asks: { status: 'waiting' } }),
  end: async (run) => {
    await run.orch('approve', run.id, 'asks');
  },
  ends: 'failed',
} satisfies Steering;
