import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { dependenciesOf, TRUE } from './work.mjs';

/** go-task (taskfile.dev), which runs a graph of commands, and keeps nothing. */
export const goTask = {
  name: 'go-task',
  needs: 'task',
  prepare({ command, folder, shape }) {
    const steps = dependenciesOf(shape).map((deps, i) => [`s${i}`, { cmds: [TRUE], run: 'once', deps: names(deps) }]);
    const tasks = { ...Object.fromEntries(steps), all: { deps: steps.map(([name]) => name) } };
    writeFileSync(path.join(folder, 'Taskfile.yml'), JSON.stringify({ version: '3', tasks }));
    return { file: command, args: ['--silent', '--concurrency', String(shape.concurrency), 'all'] };
  },
};

function names(deps) {
  return deps.map((each) => `s${each}`);
}
