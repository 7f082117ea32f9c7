import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from './serve.mjs';
import { layersOf, TRUE } from './work.mjs';

const START = fileURLToPath(new URL('../handwritten/start.mjs', import.meta.url));

/**
 * zigflow (zigflow.dev): workflows in YAML on Temporal, here on the server that orch runs on. It has no limit for what runs
 * at once, and a layer begins when the one above has ended.
 */
export const zigflow = {
  name: 'zigflow',
  needs: 'zigflow',
  serve({ command, folder, shape, address }) {
    const name = nameOf(folder);
    // What tells a workflow was called namespace and name before version 1.
    const told = { namespace: name, name, taskQueue: name, workflowType: name };
    const document = { dsl: '1.0.0', ...told, version: '1.0.0' };
    writeFileSync(path.join(folder, 'work.yaml'), JSON.stringify({ document, do: tasksOf(shape) }));
    const args = ['run', '--file', 'work.yaml', '--temporal-address', address, '--disable-telemetry'];
    return serve(command, args, { cwd: folder, ready: /Started Worker|[Ss]tarting worker/ });
  },
  prepare({ folder, address }) {
    return { file: process.execPath, args: [START, address, nameOf(folder), nameOf(folder), '1', '{}'] };
  },
};

/** No two runs share a task queue: the worker of the earlier one may still be known. */
function nameOf(folder) {
  return `zigflow-${path.basename(path.dirname(folder))}-${path.basename(folder)}`.toLowerCase();
}

function tasksOf(shape) {
  return layersOf(shape).map((layer, i) => {
    if (layer.length === 1) return task(layer[0]);
    const branches = layer.map((step) => ({ [`b${String(step)}`]: { do: [task(step)] } }));
    return { [`layer${i}`]: { fork: { compete: false, branches } } };
  });
}

function task(step) {
  return { [`s${step}`]: { run: { shell: { command: TRUE } } } };
}
