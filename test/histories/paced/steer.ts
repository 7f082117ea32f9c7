import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'that has computed more than one workflow task may',
  builds: [], // none of the kept ones paces
  open: (run) => run.steps({ each: { status: 'success' }, other: { status: 'success' }, hold: { status: 'running' } }),
  end: async (run) => run.write('go'),
  ends: 'succeeded',
} satisfies Steering;
