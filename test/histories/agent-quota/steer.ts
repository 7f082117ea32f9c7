import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'whose agent waits for its quota',
  builds: ['c0773d9'],
  open: (run) => run.steps({ work: { waits_for: 'quota' } }),
  end: async () => {}, // it goes on by itself
  ends: 'succeeded',
  besides: async () => ({ account: 'orch-account:codex' }),
} satisfies Steering;
