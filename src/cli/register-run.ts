import { Option, type Command } from 'commander';
import type { CliContext } from './context.js';
import { withFormatOptions } from './options/format.js';
import { collect, withSelection } from './options/plan.js';

type Done = (exitCode: number) => void;

/** Commands that start, follow and steer runs. Each loads its code, and Temporal's packages, only when it is used. */
export function addRunCommands(program: Command, context: CliContext, done: Done): void {
  withStartOptions(program.command('run <plan>').description('start a plan and follow it to its end'))
    .addHelpText(
      'after',
      '\nCtrl-C detaches: the run goes on. `orch watch RUN` follows it again, `orch cancel RUN` ends it.',
    )
    .action(async (plan, options) => done(await (await import('./commands/run.js')).run(context, plan, options)));

  withStartOptions(program.command('start <plan>').description('start a plan and print its run id'))
    .option('--wait', 'wait for the end; exit as the run ended')
    .action(async (plan, options) => done(await (await import('./commands/run.js')).start(context, plan, options)));

  withFormatOptions(program.command('rerun <run>'), '--prose-plan')
    .description('run an ended run again, taking over what went well')
    .option('--failed', 'what did not go well, and what comes after it (the default)')
    .option('--from <step...>', 'these steps and what comes after them, too')
    .option('--only <step...>', 'these steps and no others')
    .option('--plan <file>', 'with this plan; steps are matched by id (default: the plan it had)')
    .option('--input <name=value>', 'another value of an input (repeatable)', collect, [])
    .option('--inputs <file>', 'JSON or YAML file with other values of inputs')
    .option('--env <name[=value]>', 'further environment that the run takes along (repeatable)', collect, [])
    .option('--id <id>', 'id of the new run')
    .option('--dry-run', 'only say what would be reused and what would run again')
    .option('--strict', 'count every warning as a failure')
    .option('--json', 'print the result as one JSON object')
    .action(async (run, options) => done(await (await import('./commands/rerun.js')).rerun(context, run, options)));

  program
    .command('watch <run>')
    .description('follow a run to its end')
    .option('--json', 'print the result as one JSON object')
    .option('--strict', 'count warnings as failure in the exit code')
    .action(async (run, options) => done(await (await import('./commands/run.js')).watch(context, run, options)));

  program
    .command('status <run>')
    .description('show what a run and its steps are doing')
    .option('--json', 'print one JSON object')
    .action(async (run, options) => done(await (await import('./commands/status.js')).status(context, run, options)));

  program
    .command('list')
    .description('list runs of plans, newest first; `orch loop list` lists loops')
    .option('--limit <n>', 'at most this many', '20')
    .option('--all', 'the runs of sub-plans, too')
    .addOption(
      new Option('--status <status>', 'only runs in this state').choices([
        'running',
        'paused',
        'quarantined',
        'succeeded',
        'failed',
        'canceled',
        'terminated',
        'timed_out',
      ]),
    )
    .option('--json', 'print a JSON array')
    .action(async (options) => done(await (await import('./commands/status.js')).list(context, options)));

  program
    .command('locks')
    .description('list the locks that runs hold, and who waits for each')
    .option('--json', 'print a JSON array')
    .action(async (options) => done(await (await import('./commands/locks.js')).locks(context, options)));
}

function withStartOptions(command: Command): Command {
  return withFormatOptions(withSelection(command))
    .option('--input <name=value>', 'value of an input of the plan (repeatable)', collect, [])
    .option('--inputs <file>', 'JSON or YAML file with values of inputs')
    .option('--env <name[=value]>', 'environment that the run takes along (repeatable)', collect, [])
    .option('--id <id>', 'id of the run (default: <plan_id>-<random>)')
    .option('--strict', 'count every warning as a failure, of the plan and of the run')
    .option('--json', 'print the result as one JSON object');
}
