import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'that holds one lock and waits for another',
  builds: ['c0773d9'],
  start: async (run) => {
    await run.start('holder.yaml', `${run.id}-holder`);
    await run.steps({ hold: { status: 'running' } }, `${run.id}-holder`);
    await run.start();
  },
  open: (run) => run.steps({ before: { status: 'success' }, migrate: { waits_for: 'lock' } }),
  end: async (run) => run.write('go'),
  ends: 'succeeded',
  besides: async (run) => ({ holder: `${run.id}-holder`, stage: 'orch-lock:stage', database: 'orch-lock:database' }),
} satisfies Steering;
