// The supervisor/engineer loop: who takes the next turn with which prompt, without running any.
export { agentFor, AUTO_AGENT, settingsFor } from './agents.js';
export { decideByRouter, decideByRule, decisionLine, type Decision } from './decide.js';
export { KNOBS, resolveKnob, resolveKnobs, type KnobName, type KnobSources, type KnobValues } from './knobs.js';
export { readLoopFile, type LoopFile } from './load-config.js';
export { resolveConfig, type ConfigFault } from './resolve.js';
export { loopQueue, roleOf, roleQueue, ROLES, type Role } from './roles.js';
export { importState, stateFields, writeState } from './state-file.js';
export { advance, initialState, nextTurn, turnDone, turnId, type LoopState } from './turns.js';
export type { GitSettings, LoopConfig, PublishRules } from './types.js';
