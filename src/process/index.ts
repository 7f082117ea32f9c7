export * from './durable/index.js';
export { runProcess, type ProcessEnd, type ProcessSpec } from './run-process.js';
export { SpawnError } from './spawn-error.js';
export { readEnd, readTails, type Tails } from './tail.js';
