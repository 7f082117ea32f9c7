import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'that waits for an approval',
  builds: ['c0773d9'],
  open: (run) => run.steps({ gate: { status: 'waiting' } }),
  end: (run) => run.orch('approve', run.id, 'gate', '--by', 'ann', '--input', 'tier=2', '--comment', 'fine'),
  ends: 'succeeded',
} satisfies Steering;
