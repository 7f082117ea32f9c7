import { Option, type Command } from 'commander';
import { RUN_STATES } from '../contract/statuses.js';
import type { CliContext } from './context.js';
import { onRun } from './on-run.js';
import { withFormatOptions } from './options/format.js';
import { collect, withEnv, withSelection } from './options/plan.js';

type Done = (exitCode: number) => void;

/** Commands that start, follow and steer runs. Each loads its code, and Temporal's packages, only when it is used. */
export function addRunCommands(program: Command, context: CliContext, done: Done): void {
  addStarts(program, context, done);
  addRerun(program, context, done);
  addViews(program, context, done);
}

function addStarts(program: Command, context: CliContext, done: Done): void {
  withFormatOptions(
    withFollowOptions(
      withStartOptions(program.command('run <plan>').description('start a plan and follow it to its end')),
    ),
  )
    .addHelpText(
      'after',
      '\nA plan called - is read from stdin.\n' +
        'Ctrl-C detaches: the run continues. `orch watch RUN` follows it again, `orch cancel RUN` ends it.',
    )
    .action(async (plan, options) => done(await (await import('./commands/run.js')).run(context, plan, options)));

  withFormatOptions(
    withStartOptions(program.command('start <plan>').description('start a plan and print its run id')).option(
      '--wait',
      'wait for the end, and exit with the code of the run',
    ),
  ).action(async (plan, options) => done(await (await import('./commands/run.js')).start(context, plan, options)));
}

function addRerun(program: Command, context: CliContext, done: Done): void {
  const rerun = withFollowOptions(withEnv(program.command('rerun <run>'), 'further '))
    .description('run an ended run again, reusing what succeeded')
    .option('--failed', 'what did not succeed, and all that depends on it (the default)')
    .option('--from <step...>', 'these steps and all that depends on them, too')
    .option('--only <step...>', 'these steps and no others')
    .option('--plan <file>', 'use this plan; steps are matched by id (default: the same plan)')
    .option('--input <name=value>', 'different value for an input (repeatable)', collect, [])
    .option('--inputs <file>', 'JSON or YAML file of different input values')
    .option('--id <id>', 'id of the new run')
    .option('--dry-run', 'only show what would be reused and what would run again')
    .option('--strict', 'count warnings as failures')
    .option('--json', 'print the result as one JSON object');
  withFormatOptions(rerun, '--prose-plan').action(async (run, options) =>
    done(await onRun(context, run, async (id) => (await import('./commands/rerun.js')).rerun(context, id, options))),
  );
}

function addViews(program: Command, context: CliContext, done: Done): void {
  withFollowOptions(program.command('watch <run>'))
    .description('follow a run to its end')
    .option('--json', 'print the result as one JSON object')
    .option('--strict', 'count warnings as failures in the exit code')
    .action(async (run, options) =>
      done(await onRun(context, run, async (id) => (await import('./commands/run.js')).watch(context, id, options))),
    );

  program
    .command('status <run>')
    .description('show what a run and its steps are doing')
    .option('--json', 'print one JSON object')
    .action(async (run, options) =>
      done(
        await onRun(context, run, async (id) => (await import('./commands/status.js')).status(context, id, options)),
      ),
    );

  program
    .command('list')
    .description('list runs of plans, newest first; `orch loop list` lists loops')
    .option('--limit <n>', 'at most this many', '20')
    .option('--all', 'include the runs of sub-plans')
    .addOption(new Option('--status <status>', 'only runs with this status').choices(RUN_STATES))
    .option('--open', 'only runs that have not ended')
    .option('--waiting', 'only what waits for a person, in all open runs, and how to answer it')
    .option('--json', 'print a JSON array')
    .action(async (options) =>
      done(
        options.waiting === true
          ? await (await import('./commands/overview.js')).waiting(context, options)
          : await (await import('./commands/status.js')).list(context, options),
      ),
    );

  program
    .command('open <run>')
    .description("open a run's page in the Temporal Web UI, and print its address")
    .option('--print', 'only print it')
    .option('--json', 'print it as one JSON object')
    .action(async (run, options) =>
      done(await onRun(context, run, async (id) => (await import('./commands/open.js')).open(context, id, options))),
    );

  program
    .command('ui')
    .description('serve a page on this machine that shows runs as they go, and steers them')
    .option('--port <n>', 'port to listen on (default: 8253, or any that is free)')
    .option('--no-open', 'do not open it in a browser')
    .option('--user-header <name>', 'behind a proxy that authenticates: the header with the name of the user')
    .option('--origin <url>', 'behind a proxy: the address at which people open the page (default: ORCH_UI_ORIGIN)')
    .option('--listen <address>', 'behind a proxy: the IP address to listen on (default: 127.0.0.1)')
    .option(
      '--proxy-secret-file <file>',
      'behind a proxy: what it sends as X-Orch-Proxy-Secret (default: ORCH_UI_PROXY_SECRET)',
    )
    .option('--json', 'print its address as one JSON object')
    .action(async (options) => done(await (await import('./commands/ui.js')).ui(context, options)));

  program
    .command('locks')
    .description('list the locks that runs hold, and which runs wait for each')
    .option('--json', 'print a JSON array')
    .action(async (options) => done(await (await import('./commands/locks.js')).locks(context, options)));
}

function withStartOptions(command: Command): Command {
  return withEnv(withSelection(command))
    .option('--input <name=value>', 'value of a plan input (repeatable)', collect, [])
    .option('--inputs <file>', 'JSON or YAML file of input values')
    .option('--id <id>', 'id of the run (default: <plan_id>-<random>)')
    .option('--strict', 'count warnings, of the plan and of the run, as failures')
    .option('--json', 'print the result as one JSON object');
}

/** Options of the commands that follow a run. */
function withFollowOptions(command: Command): Command {
  return command
    .option('--logs', 'show what the steps print, as it comes (the default in CI, where there is no terminal)')
    .option('--no-logs', 'do not show it')
    .addOption(new Option('-q, --quiet', 'only show how it ended').conflicts('logs'));
}
