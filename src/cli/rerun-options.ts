import { planOfRun } from '../client/past-run.js';
import { prepareRun, type PreparedRun } from '../client/prepare.js';
import type { PastRun } from '../client/rerun-types.js';
import type { StartOptions } from '../client/types.js';
import type { Plan } from '../plan/model/plan.js';
import { defined } from '../basics/defined.js';
import { settingsOf } from './connect.js';
import type { CliContext } from './context.js';
import { planFileOf, readEnv, readInputs, type InputOptions } from './options/plan.js';

/** What the earlier run was started with, and over it what is given now. */
export async function rerunOptions(
  context: CliContext,
  past: PastRun,
  plan: Plan,
  flags: InputOptions & { id?: string; plan?: string },
): Promise<StartOptions> {
  const known = Object.entries(past.input.inputs).filter(([name]) => Object.hasOwn(plan.inputs, name));
  const baseDir = past.input.base_dir ?? (settingsOf(context) === undefined ? context.cwd : undefined);
  const planFile = flags.plan === undefined ? past.input.plan_file : planFileOf(context, flags.plan);
  return {
    inputs: { ...Object.fromEntries(known), ...(await readInputs(context, flags)) },
    env: { ...past.input.env, ...readEnv(context, flags) },
    from: context.env,
    ...defined({ baseDir, runId: flags.id, planFile }),
  };
}

/** The plan that the run had, as it was found when the run was read. */
export function preparePast({ input, checked }: PastRun, options: StartOptions, embedded: boolean): PreparedRun {
  return prepareRun({ ...planOfRun(input), ...defined({ checked }) }, options, embedded);
}
