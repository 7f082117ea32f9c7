import { Option, type Command } from 'commander';
import { OVERLAPS } from '../plan/schedule/timing.js';
import type { CliContext } from './context.js';
import { collect, withEnv } from './options/plan.js';

type Done = (exitCode: number) => void;

const commands = async () => import('./commands/schedule.js');
const make = async () => import('./commands/schedule-create.js');

/** Commands about schedules. Each loads its code, and Temporal's packages, only when it is used. */
export function addScheduleCommands(program: Command, context: CliContext, done: Done): void {
  const schedule = program.command('schedule').description('start plans at set times');
  addCreate(schedule, context, done);

  withEnv(schedule.command('apply <plan>'))
    .description(
      'make the schedule of a plan (`schedule:`), or change it to what the plan says; prints what has changed',
    )
    .option('--json', 'print one JSON object')
    .action(async (plan, options) => done(await (await make()).apply(context, plan, options)));

  schedule
    .command('list')
    .description('list the schedules: when each is due next, and how its last run ended')
    .option('--json', 'print a JSON array')
    .action(async (options) => done(await (await commands()).list(context, options)));

  schedule
    .command('describe <schedule>')
    .description('show what a schedule starts and when, the next times, and its last runs')
    .option('--json', 'print one JSON object')
    .action(async (name, options) => done(await (await commands()).describe(context, name, options)));

  schedule
    .command('pause <schedule>')
    .description('start nothing until `orch schedule resume`; runs that are open continue')
    .option('--note <text>', 'why; `orch schedule list` shows it')
    .action(async (name, options) => done(await (await commands()).pause(context, name, options)));

  schedule
    .command('resume <schedule>')
    .description('resume a paused schedule; the times that have passed in the meantime are left out')
    .option('--note <text>', 'why')
    .action(async (name, options) => done(await (await commands()).resume(context, name, options)));

  schedule
    .command('trigger <schedule>')
    .description('start a run of it now, also while it is paused')
    .addOption(overlap('what to do if its last run is still open (default: as the schedule says)'))
    .option('--json', 'print one JSON object')
    .action(async (name, options) => done(await (await commands()).trigger(context, name, options)));

  schedule
    .command('backfill <schedule>')
    .description('start a run for each time in the past at which it was due')
    .requiredOption(
      '--from <time>',
      'from when on: a day of its time zone (2026-01-31), 2026-01-31T02:00:00Z, or 7d for seven days ago',
    )
    .requiredOption('--to <time>', 'until when; a day is included')
    .addOption(overlap('how the runs follow each other (default: buffer-all, one after the other)'))
    .option('--json', 'print one JSON object')
    .action(async (name, options) => done(await (await commands()).backfill(context, name, options)));

  schedule
    .command('delete <schedule>')
    .description('remove a schedule; runs that are open continue')
    .action(async (name) => done(await (await commands()).remove(context, name)));
}

function addCreate(schedule: Command, context: CliContext, done: Done): void {
  withEnv(schedule.command('create <name> <plan>'))
    .description('make a schedule that starts a plan')
    .option('--cron <fields>', 'when: minute, hour, day of the month, month, day of the week; or @daily')
    .option('--timezone <name>', 'time zone of --cron, such as Europe/Berlin (default: UTC)')
    .addOption(
      new Option('--every <time>', 'instead of --cron, how often: 15m, 1h, 1d').conflicts(['cron', 'timezone']),
    )
    .addOption(overlap('what to do when it is due while its last run is still open (default: skip)'))
    .option('--catch-up <time>', 'how late a run may start that was due while the service was down (default: 1d)')
    .option('--pinned', 'always run the plan as it is now, not as its file is when a run is due')
    .option('--paused', 'start nothing until `orch schedule resume`')
    .option('--note <text>', 'shown by `orch schedule list`')
    .option('--input <name=value>', 'value of a plan input (repeatable)', collect, [])
    .option('--inputs <file>', 'JSON or YAML file of input values')
    .option('--json', 'print the schedule as one JSON object')
    .addHelpText(
      'after',
      '\nOn the embedded service the plan is read again from its file for every run; on another service it is pinned.\n' +
        'Inputs and variables are taken now, secrets by the worker when a run needs them.\n\n' +
        'Example:  orch schedule create nightly --cron "0 2 * * *" --timezone Europe/Berlin nightly.yaml',
    )
    .action(async (name, plan, options) => done(await (await make()).create(context, { name, plan }, options)));
}

function overlap(description: string): Option {
  return new Option('--overlap <policy>', description).choices(OVERLAPS);
}
