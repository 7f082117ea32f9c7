export * from './durable/index.js';
export { runProcess, type ProcessSpec } from './run-process.js';
export { SpawnError } from './spawn-error.js';
export { readEnd, readTails } from './tail.js';
