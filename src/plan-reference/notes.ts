import type { Note } from './note.js';
import { AGENT, AGENT_SETTINGS } from './notes-agents.js';
import { APPROVAL, HTTP, KINDS, PLAN, PROCESSES, WAIT } from './notes-kinds.js';
import { GLOBALS, INPUTS, SCHEDULE, TOP } from './notes-plan.js';
import { STEP } from './notes-step.js';

/** Notes by the name of the key. A test holds that no key is missing and none is left over. */
export const NOTES: Readonly<Record<string, Note>> = {
  ...TOP,
  ...INPUTS,
  ...SCHEDULE,
  ...GLOBALS,
  ...AGENT_SETTINGS,
  ...STEP,
  ...KINDS,
  ...PROCESSES,
  ...HTTP,
  ...APPROVAL,
  ...WAIT,
  ...PLAN,
  ...AGENT,
};
