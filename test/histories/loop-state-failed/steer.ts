import path from 'node:path';
import { eventually } from '../../support/eventually.js';
import { textOf } from '../../support/own-service.js';
import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'of a loop whose router is about to fail, which its state file is to say',
  builds: [],
  start: (run) => run.orch('loop', 'run', '--id', run.id, '--detach', '--max-iterations', '1'),
  open: (run) => eventually('the router is asked', () => textOf(path.join(run.dir, 'asked')) !== '', 60_000),
  end: async (run) => run.write('go'),
  ends: 'failed',
} satisfies Steering;
