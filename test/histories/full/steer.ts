import type { Steering } from '../../support/steered-run.js';

// A sub-plan keeps the run where it is, and what ends meanwhile fills its history.
export default {
  what: 'that fills its history, and is ended for it',
  builds: [],
  env: { ORCH_TEST_HISTORY_EVENTS: '10' },
  open: (run) =>
    run.steps(
      Object.fromEntries(
        ['child', ...Array.from({ length: 45 }, (_, i) => `s${i}`)].map((id) => [id, { status: 'running' }]),
      ),
    ),
  end: async (run) => run.write('go'),
  ends: 'failed',
} satisfies Steering;
