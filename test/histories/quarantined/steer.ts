import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'in quarantine',
  builds: ['c0773d9'],
  open: (run) => run.stands({ status: 'quarantined' }),
  end: async (run) => {
    run.write('mended');
    await run.orch('retry', run.id, 'check');
  },
  ends: 'succeeded',
} satisfies Steering;
