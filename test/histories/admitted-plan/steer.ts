import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'whose plan was checked once, by an activity',
  builds: [], // engine version 3 began with it
  open: (run) => run.steps({ gate: { status: 'waiting' } }),
  end: (run) => run.orch('approve', run.id, 'gate', '--by', 'ann'),
  ends: 'succeeded',
} satisfies Steering;
