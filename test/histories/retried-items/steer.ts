import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'in quarantine, for one item of a foreach has failed',
  builds: ['c0773d9'],
  open: (run) => run.stands({ status: 'quarantined' }),
  end: async (run) => {
    run.write('mended');
    await run.orch('retry', run.id, 'each');
  },
  ends: 'succeeded',
} satisfies Steering;
