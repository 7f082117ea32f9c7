import path from 'node:path';
import { eventually } from '../../support/eventually.js';
import { textOf } from '../../support/own-service.js';
import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'of a loop whose agent has lost its session and takes the turn in a fresh one',
  builds: [],
  start: (run) => run.orch('loop', 'run', '--id', run.id, '--detach', '--max-iterations', '1'),
  open: (run) => eventually('the fresh session begins', () => textOf(path.join(run.dir, 'begun')) !== '', 60_000),
  end: async (run) => run.write('go'),
  ends: 'completed',
} satisfies Steering;
