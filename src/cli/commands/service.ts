import { EMBEDDED_SERVICE } from '../../temporal/service-name.js';
import { configuredService } from '../../temporal/settings.js';
import {
  ensureService,
  installUnit,
  orchCommand,
  runDoctor,
  stopService,
  uninstallUnit,
  unitFile,
  type UnitChange,
  type UnitFile,
} from '../../service/index.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { checkOpenRuns } from '../open-runs.js';
import { table } from '../render/table.js';

/** `orch up`: starts the embedded service, or says where it already runs. */
export async function up(
  context: CliContext,
  flags: { json?: boolean; install?: boolean; uninstall?: boolean },
): Promise<number> {
  if (flags.install && flags.uninstall) throw new UsageError('Give --install or --uninstall, not both');
  if (flags.uninstall) return changeUnit(context, uninstallUnit, flags);
  const remote = configuredService(context.env);
  if (remote !== undefined) {
    throw new UsageError(
      `The service at ${remote.address} is configured, so there is no embedded one to start`,
      'unset TEMPORAL_ADDRESS (and TEMPORAL_PROFILE) to use the embedded service; `orch worker` serves a remote one',
    );
  }
  const info = await ensureService({
    env: context.env,
    onProgress: (line) => context.note(`${context.colors.dim(line)}\n`),
  });
  if (flags.json) context.out(`${JSON.stringify({ address: info.address, web_ui: info.ui_url }, null, 2)}\n`);
  else context.out(`Temporal  ${info.address}\nWeb UI    ${info.ui_url}\n`);
  for (const { ok, detail, hint } of await checkOpenRuns(context)) {
    if (ok !== 'ok') context.note(`warning: ${detail}\n  hint: ${hint}\n`);
  }
  return flags.install ? changeUnit(context, installUnit, flags) : EXIT.succeeded;
}

/** Has the machine start the service when it starts itself, or no more. */
function changeUnit(
  context: CliContext,
  change: (unit: UnitFile) => UnitChange,
  flags: { json?: boolean; install?: boolean },
): number {
  const unit = unitFile({ env: context.env, command: orchCommand() });
  if (unit === undefined) {
    throw new UsageError(
      `orch does not know how this system (${process.platform}) starts programs`,
      'have it call `orch up` at its start by its own means',
    );
  }
  const { path, existed, left } = change(unit);
  const done = flags.install ? 'written' : existed ? 'removed' : 'was not there';
  if (flags.json) context.note(`${path}: ${done}\n`);
  else context.out(`${path}  ${done}\n`);
  for (const call of left) context.note(`could not be done here, so call it yourself: ${call}\n`);
  if (flags.install && unit.hint !== undefined) context.note(`hint: ${unit.hint}\n`);
  return EXIT.succeeded;
}

/** `orch down`: stops what `up` started, and nothing else. */
export async function down(context: CliContext, flags: { stopSteps?: boolean; json?: boolean }): Promise<number> {
  const { stopped, state_dir } = await stopService({ env: context.env });
  const { countRunningSteps, stopSteps } = await import('../../activities/cleanup/sweep-tries.js');
  const ended = flags.stopSteps ? await stopSteps(state_dir, EMBEDDED_SERVICE) : 0;
  const running = await countRunningSteps(state_dir, EMBEDDED_SERVICE);
  if (flags.json) {
    context.out(`${JSON.stringify({ stopped, steps_stopped: ended, steps_running: running }, null, 2)}\n`);
    return EXIT.succeeded;
  }
  context.out(stopped.length === 0 ? 'nothing was running\n' : `stopped: ${stopped.join(', ')}\n`);
  if (ended > 0) context.out(`${countOf(ended, 'step')} ended; the next \`orch up\` starts them again\n`);
  if (running > 0) {
    const them = running === 1 ? 'it' : 'them';
    context.note(
      `${countOf(running, 'step')} still running; the next \`orch up\` takes ${them} over (--stop-steps ends ${them})\n`,
    );
  }
  return EXIT.succeeded;
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `orch doctor`: exits 1 when something that orch needs is missing. */
export async function doctor(context: CliContext, flags: { json?: boolean }): Promise<number> {
  const checks = [...(await runDoctor({ env: context.env })), ...(await checkOpenRuns(context))];
  const healthy = checks.every((check) => check.ok !== 'fail');
  if (flags.json) context.out(`${JSON.stringify({ healthy, checks }, null, 2)}\n`);
  else {
    const rows = checks.map((check) => [
      check.ok.padEnd(4),
      check.name,
      check.detail + (check.hint ? ` (${check.hint})` : ''),
    ]);
    context.out(`${table(rows)}\n`);
  }
  return healthy ? EXIT.succeeded : EXIT.failed;
}
