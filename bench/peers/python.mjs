import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dependenciesOf } from './work.mjs';

/** The Python that a command of a Python package runs with: its first line names it. */
function pythonOf(command) {
  const [first] = readFileSync(command, 'utf8').split('\n', 1);
  return first.slice('#!'.length).trim();
}

/** A script that is told what to do by steps.json, and how much of it at once by its argument. */
export function pythonWork({ command, folder, shape }, script, env) {
  writeFileSync(path.join(folder, 'steps.json'), JSON.stringify(dependenciesOf(shape)));
  writeFileSync(path.join(folder, 'work.py'), script);
  return { file: pythonOf(command), args: ['work.py', String(shape.concurrency)], env: { DO_NOT_TRACK: '1', ...env } };
}
