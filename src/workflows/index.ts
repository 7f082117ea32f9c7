// The workflow types that a worker knows: each exported function is one, by its name.
export { runPlan } from './run-plan.js';
export { agentAccount } from './account.js';
export { lock } from './lock.js';
export { orchLoop } from './loop/loop.js';
