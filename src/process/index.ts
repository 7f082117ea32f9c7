export * from './durable/index.js';
export { runProcess, type ProcessSpec } from './run-process.js';
export { SpawnError } from './spawn-error.js';
export { readEnd, readEndBytes, readTails } from './tail.js';
