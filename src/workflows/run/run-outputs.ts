import { log } from '@temporalio/workflow';
import type { RunInput } from '../../contract/run-input.js';
import type { RunState } from '../../engine/index.js';
import { expandOutputs } from '../../plan/templates/expand-step.js';
import type { RunResult } from '../../contract/run-messages.js';
import { runValues, type RunProgram } from '../program/program.js';

/** Bytes of a run's outputs: they travel in its own history and in that of the run above. */
const MAX_BYTES = 128 * 1024;

/** What a run hands out, once it has ended. What cannot be worked out (its step did not run, say) is left out. */
export function runOutputs(
  program: RunProgram,
  { inputs, env }: RunInput,
  state: RunState,
  runId: string,
): Pick<RunResult, 'outputs'> {
  const { plan } = program;
  if (Object.keys(plan.outputs).length === 0) return {};
  const { outputs, failed } = expandOutputs(plan, { inputs, env, values: runValues(program, state, runId) });
  for (const { name, message } of failed) log.info(`The output '${name}' is left out: ${message}`);
  const bytes = JSON.stringify(outputs).length;
  if (bytes <= MAX_BYTES) return { outputs };
  log.warn(`The outputs are left out: they have ${bytes} characters, more than ${MAX_BYTES}`);
  return {};
}
