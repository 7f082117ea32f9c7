import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { dependenciesOf } from './work.mjs';

/** Snakemake, for which a step is done once its file is there. */
export const snakemake = {
  name: 'snakemake',
  needs: 'snakemake',
  prepare({ command, folder, shape }) {
    const snakefile = [
      `STEPS = ${JSON.stringify(dependenciesOf(shape))}`,
      'rule all:',
      '    input: [f"done/s{i}" for i in range(len(STEPS))]',
      'for i, before in enumerate(STEPS):',
      '    rule:',
      '        name: f"s{i}"',
      '        input: [f"done/s{each}" for each in before]',
      '        output: touch(f"done/s{i}")',
      '        shell: "true"',
      '',
    ].join('\n');
    writeFileSync(path.join(folder, 'Snakefile'), snakefile);
    const args = ['--cores', String(shape.concurrency), '--quiet', 'all', '--', 'all'];
    return { file: command, args, env: { XDG_CACHE_HOME: path.join(folder, 'cache') } };
  },
};
