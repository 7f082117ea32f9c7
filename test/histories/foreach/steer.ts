import { existsSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '../../support/eventually.js';
import type { Steering } from '../../support/steered-run.js';

export default {
  what: 'with a foreach of which one instance has ended, two run and one waits for its place',
  builds: ['c0773d9'],
  open: async (run) => {
    run.write('go-a');
    const begun = (name: string): boolean => existsSync(path.join(run.dir, `begun-${name}`));
    await eventually('b and c run', () => begun('b') && begun('c'), 60_000);
  },
  end: async (run) => {
    for (const name of ['d', 'c', 'b']) run.write(`go-${name}`);
  },
  ends: 'succeeded',
} satisfies Steering;
