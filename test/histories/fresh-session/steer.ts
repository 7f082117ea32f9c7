import path from 'node:path';
import { eventually } from '../../support/eventually.js';
import { textOf } from '../../support/own-service.js';
import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'whose agent has lost its session and goes on in a fresh one',
  builds: [],
  open: (run) => eventually('the fresh session begins', () => textOf(path.join(run.dir, 'begun')) !== '', 60_000),
  end: async (run) => run.write('go'),
  ends: 'succeeded',
} satisfies Steering;
