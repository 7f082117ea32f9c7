import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'with a step that runs, after one that was tried again',
  builds: ['c0773d9'],
  open: (run) => run.steps({ first: { status: 'success' }, work: { status: 'running' } }),
  end: async (run) => run.write('go'),
  ends: 'succeeded',
} satisfies Steering;
