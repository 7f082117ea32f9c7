import { eventually } from '../../support/eventually.js';
import type { Steering } from '../../support/steered-run.js';

// From before agents went along to a new history: one that works keeps its run where it is, and at five times the usual
// length nothing else starts. The histories before that hold how runs went on.
export default {
  what: 'that an agent keeps in its history',
  builds: [],
  env: { ORCH_TEST_HISTORY_EVENTS: '30' },
  open: (run) =>
    eventually(
      'it starts nothing until its agent has ended',
      async () => (await run.tries('status', run.id)).stdout.includes("for which 'paint' (an agent) must end first"),
      60_000,
    ),
  end: async (run) => {
    run.write('blue');
    run.write('go');
  },
  ends: 'succeeded',
} satisfies Steering;
