import type { Command } from '@commander-js/extra-typings';
import type { CliContext } from './context.js';

type Done = (exitCode: number) => void;

/** Commands about what runs leave behind. */
export function addRecordCommands(program: Command, context: CliContext, done: Done): void {
  program
    .command('logs <run> [step]')
    .description('show what steps have printed; of all steps by lines, of one step as it is')
    .option('-f, --follow', 'go on until the step, or the run, has ended')
    .option('--attempt <n>', 'of this attempt of the step (default: the last)')
    .option('--stdout', 'only what went to stdout')
    .option('--stderr', 'only what went to stderr')
    .option('--json', 'print one JSON object for each line')
    .action(async (run, step, options) =>
      done(await (await import('./commands/logs.js')).logs(context, run, step, options)),
    );

  program
    .command('export <run>')
    .description('write what a run did: its manifest and events, rebuilt from history, or a report')
    .option('--out <path>', 'folder to write to, or file for one of the formats (default: the folder of the run)')
    .option('--force', 'write over what is there already')
    .option('--json', 'print the manifest')
    .option('--events', 'print the events, one JSON object a line')
    .option('--junit', 'print JUnit XML, for a CI')
    .option('--html', 'print a page: graph, timeline, steps and the ends of their logs')
    .action(async (run, options) =>
      done(await (await import('./commands/export.js')).exportRun(context, run, options)),
    );

  program
    .command('stats')
    .description('add up the runs of this machine: how many succeeded, how long they took, what they cost; by plan')
    .option('--since <time>', 'that ended since then: 7d, 12h, or a day such as 2026-01-31 (default: all)')
    .option('--plan <id>', 'only runs of this plan, or pipeline')
    .option('--all', 'count the runs of sub-plans as runs of their own')
    .option('--json', 'print one JSON object')
    .action(async (options) => done(await (await import('./commands/stats.js')).stats(context, options)));

  program
    .command('prune')
    .description('remove the folders (records and logs) of runs that ended long ago; never of an open run')
    .requiredOption('--older-than <time>', 'that ended longer ago than this: 12h, 30d, 8w')
    .option('--keep-failed', 'but keep those that failed, were terminated or timed out')
    .option('--dry-run', 'only say what would be removed')
    .option('--json', 'print one JSON object')
    .action(async (options) => done(await (await import('./commands/prune.js')).prune(context, options)));
}
