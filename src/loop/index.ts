// The supervisor/engineer loop: who takes the next turn with which prompt, without running any.
export { AUTO_AGENT } from './agents.js';
export { KNOBS, resolveKnob, resolveKnobs, type KnobName, type KnobSources, type KnobValues } from './knobs.js';
export { readLoopFile, type LoopFile } from './load-config.js';
export { resolveConfig } from './resolve.js';
export { loopQueue, roleOf, roleQueue } from './roles.js';
export { asksToExit, importState, isAhead, loopIdentity, stateFields, writeState } from './state-file.js';
export { turnsBefore, type LoopState } from './turns.js';
export type { LoopConfig } from './types.js';
