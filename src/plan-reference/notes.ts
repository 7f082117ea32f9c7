import { AGENT, AGENT_SETTINGS } from './notes-agents.js';
import { APPROVAL, HTTP, KINDS, PLAN, PROCESSES, WAIT } from './notes-kinds.js';
import { GLOBALS, INPUTS, TOP } from './notes-plan.js';
import { STEP } from './notes-step.js';

/** What the reference says of a key beyond its schema; everything in Markdown. */
export interface Note {
  /** Instead of the schema's description, which is short and has the default in it. */
  text?: string;
  /** Instead of the type that the schema gives. */
  type?: string;
  limits?: string;
  default?: string;
  /** Where it is required under some condition only. */
  required?: string;
  /** What the key means: what happens, in which order, and what to watch. */
  about?: string;
}

/** Notes by the name of the key. A test holds that no key is missing and none is left over. */
export const NOTES: Readonly<Record<string, Note>> = {
  ...TOP,
  ...INPUTS,
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
