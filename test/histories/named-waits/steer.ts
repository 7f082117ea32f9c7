import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'whose account meets its limit again after a time that it had named itself',
  builds: [],
  open: (run) => run.steps({ second: { waits_for: 'quota' } }),
  end: async () => {}, // it goes on by itself
  ends: 'succeeded',
  besides: async () => ({ account: 'orch-account:codex' }),
} satisfies Steering;
