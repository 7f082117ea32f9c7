import type { Command } from 'commander';
import type { CliContext } from './context.js';

type Done = (exitCode: number) => void;

/** Commands about the service and its workers. */
export function addServiceCommands(program: Command, context: CliContext, done: Done): void {
  program
    .command('up')
    .description('start the embedded service (Temporal dev server, Web UI, worker) in the background')
    .option('--install', 'also have the machine start it from now on (systemd, launchd)')
    .option('--uninstall', 'no longer start it with the machine; what runs continues')
    .option('--json', 'print one JSON object')
    .action(async (options) => done(await (await import('./commands/service.js')).up(context, options)));

  program
    .command('down')
    .description('stop the embedded service; running steps continue, and so do runs once it is started again')
    .option('--stop-steps', 'also end running steps; they start again with the next start')
    .option('--json', 'print one JSON object')
    .action(async (options) => done(await (await import('./commands/service.js')).down(context, options)));

  program
    .command('doctor')
    .description('check everything that orch needs, and report what is missing')
    .option('--json', 'print one JSON object')
    .action(async (options) => done(await (await import('./commands/service.js')).doctor(context, options)));

  program
    .command('worker')
    .description('run a worker in the foreground, for your own Temporal service')
    .option('--task-queue <name>', 'task queue to serve', 'orch')
    .option('--max-steps <n>', 'maximum number of steps that run at once in this worker', '1000')
    .option(
      '--drain <seconds>',
      'on shutdown, how long to wait for running steps to end; the rest continue without it',
      '0',
    )
    .option('--json', 'print one JSON object when it is ready')
    .action(async (options) => done(await (await import('./commands/worker.js')).worker(context, options)));
}
