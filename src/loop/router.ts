import type { Result } from '../plan/model/diagnostic.js';
import { didYouMean } from '../plan/problems/suggest.js';
import type { Prompt } from './prompts.js';
import { promptKey } from './prompts.js';
import type { Role } from './roles.js';
import type { LoopConfig } from './types.js';

/** Characters of a router's output that an error shows. */
const SHOWN = 300;

/** Why a router's output cannot be followed. */
export interface RouterFault {
  code: 'router_output_empty' | 'router_output_lines' | 'router_not_allowed' | 'router_wrong_role';
  message: string;
}

/**
 * Reads what a router prompt has answered: exactly one line that is not empty, with the name of an allowed prompt.
 *
 * An empty output is no answer either, and blank lines or a fence around one mean that the prompt was not understood.
 */
export function readRouterOutput(
  config: Pick<LoopConfig, 'allowlist' | 'prompts' | 'prompts_dir'>,
  role: Role,
  output: string,
): Result<Prompt, RouterFault> {
  const fault = (code: RouterFault['code'], message: string): Result<Prompt, RouterFault> => ({
    ok: false,
    error: { code, message },
  });
  if (output.trim() === '') {
    return fault('router_output_empty', `the router answered nothing (${output.length} bytes: ${shown(output)})`);
  }
  const lines = output.replace(/\r?\n$/, '').split(/\r?\n/);
  if (lines.length > 1) {
    const message = `the router answered ${lines.length} lines instead of exactly one: ${shown(output)}`;
    return fault('router_output_lines', message);
  }
  const key = promptKey(lines[0]!, config.prompts_dir);
  const allowed = config.allowlist.map((prompt) => prompt.key);
  const found = config.allowlist.find((prompt) => prompt.key === key);
  if (found === undefined) {
    const near = didYouMean(key ?? lines[0]!.trim(), allowed);
    const known = `allowed are ${allowed.join(', ')}${near === undefined ? '' : `; ${near}`}`;
    return fault(
      'router_not_allowed',
      `the router chose a prompt that is not on the allowlist: ${shown(output)}; ${known}`,
    );
  }
  const other = role === 'main' ? 'supervisor' : 'main';
  if (found.key === config.prompts[other].key && found.key !== config.prompts[role].key) {
    const message = `the router chose the prompt of the ${other} for the ${role}: ${shown(output)}`;
    return fault('router_wrong_role', message);
  }
  return { ok: true, value: found };
}

function shown(output: string): string {
  const cut = output.length > SHOWN ? `${output.slice(0, SHOWN)}…` : output;
  return JSON.stringify(cut);
}
