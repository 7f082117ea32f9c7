import { rmSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '../../support/eventually.js';
import { textOf } from '../../support/own-service.js';
import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'of a loop, in a turn',
  builds: ['c0773d9'],
  start: (run) => {
    run.write('wait-iter-00001.main');
    return run.orch('loop', 'run', '--id', run.id, '--detach', '--max-iterations', '2');
  },
  open: (run) =>
    eventually('main begins', () => textOf(path.join(run.dir, 'begun')).includes('iter-00001.main'), 60_000),
  end: async (run) => rmSync(path.join(run.dir, 'wait-iter-00001.main')),
  ends: 'completed',
} satisfies Steering;
