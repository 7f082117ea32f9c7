import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { dependenciesOf, TRUE } from './work.mjs';

/** dagu (dagu.sh), which keeps the state and the logs of each step in files. */
export const dagu = {
  name: 'dagu',
  needs: 'dagu',
  prepare({ command, folder, shape }) {
    const steps = dependenciesOf(shape).map((deps, i) => ({
      name: `s${i}`,
      command: TRUE,
      ...(deps.length > 0 && { depends: deps.map((each) => `s${each}`) }),
    }));
    const file = path.join(folder, 'work.yaml');
    writeFileSync(file, JSON.stringify({ type: 'graph', max_active_steps: shape.concurrency, steps }));
    return { file: command, args: ['start', file], env: { DAGU_HOME: path.join(folder, 'home') } };
  },
};
