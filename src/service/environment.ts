import { withoutCallVariables } from '../host/lasting-variables.js';
import type { Env } from '../records/paths.js';

/**
 * The environment of a long-lived process: the starter's, without what belongs to the starter's own call, session or
 * hook. Steps of all later runs inherit it, whoever starts them.
 *
 * All of orch's own names go, too: inside a step they carry the step's identity, and the mark by which its
 * processes are found and ended.
 */
export function lastingEnv(env: Env | NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(withoutCallVariables(env)).filter(([name]) => !BELONGS_TO_CALL.test(name));
  return Object.fromEntries(kept);
}

const BELONGS_TO_CALL = /^(ORCH_|TEMPORAL_|npm_|NODE_CHANNEL_|(INIT_CWD|PWD|OLDPWD|SHLVL|_)$)/;
