import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'whose agent asks a question',
  builds: ['c0773d9'],
  open: (run) => run.steps({ paint: { status: 'waiting' } }),
  end: (run) => run.orch('answer', run.id, 'paint', 'blue', '--by', 'ann'),
  ends: 'succeeded',
} satisfies Steering;
