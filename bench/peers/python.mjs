import { readFileSync } from 'node:fs';

/** The Python that a command of a Python package runs with: its first line names it. */
export function pythonOf(command) {
  const [first] = readFileSync(command, 'utf8').split('\n', 1);
  return first.slice('#!'.length).trim();
}
