// The workflow types that a worker knows: each exported function is one, by its name.
export { runPlan } from './run/run-plan.js';
export { agentAccount } from './services/account.js';
export { lock } from './services/lock.js';
export { scheduledStart } from './services/scheduled-start.js';
export { orchLoop } from './loop/loop.js';
