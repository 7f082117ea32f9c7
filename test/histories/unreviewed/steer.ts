import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'whose work nobody has reviewed',
  builds: [],
  open: (run) => run.steps({ work: { waits_for: 'answer' } }),
  end: (run) => run.orch('approve', run.id, 'work'),
  ends: 'succeeded',
} satisfies Steering;
