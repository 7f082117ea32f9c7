import type { Command } from 'commander';
import type { CliContext } from './context.js';
import { onRun } from './on-run.js';

type Done = (exitCode: number) => void;

/** Commands about what runs leave behind. */
export function addRecordCommands(program: Command, context: CliContext, done: Done): void {
  program
    .command('logs <run> [step]')
    .description('show the output of steps: line by line for all steps, as it is for one')
    .option('-f, --follow', 'continue until the step or run has ended')
    .option('--attempt <n>', 'attempt of the step (default: the last)')
    .option('--stdout', 'only stdout')
    .option('--stderr', 'only stderr')
    .option('-t, --timestamps', 'print when each line came')
    .option('--json', 'print one JSON object for each line, with its time')
    .action(async (run, step, options) =>
      done(
        await onRun(context, run, async (id) => (await import('./commands/logs.js')).logs(context, id, step, options)),
      ),
    );

  program
    .command('export <run>')
    .description(
      'write the record of a run: its manifest and events, or a report; rebuilt from history where this machine lacks it',
    )
    .option('--out <path>', 'folder to write to, or file, for one of the formats (default: the folder of the run)')
    .option('--force', 'overwrite existing files')
    .option('--json', 'print the manifest')
    .option('--events', 'print the events, one JSON object per line')
    .option('--junit', 'print JUnit XML, for CI')
    .option('--html', 'print an HTML page: graph, timeline, steps and the ends of their logs')
    .action(async (run, options) =>
      done(
        await onRun(context, run, async (id) => (await import('./commands/export.js')).exportRun(context, id, options)),
      ),
    );

  program
    .command('stats')
    .description('summarize the runs of this machine by plan: how many succeeded, how long they took, what they cost')
    .option('--since <time>', 'only runs that ended since then: 7d, 12h, or a date such as 2026-01-31 (default: all)')
    .option('--plan <id>', 'only runs of this plan or pipeline')
    .option('--all', 'count the runs of sub-plans as runs of their own')
    .option('--json', 'print one JSON object')
    .action(async (options) => done(await (await import('./commands/stats.js')).stats(context, options)));

  program
    .command('prune')
    .description('remove the folders (records and logs) of runs that ended long ago, never of an open run')
    .requiredOption('--older-than <time>', 'only runs that ended longer ago than this: 12h, 30d, 8w')
    .option('--keep-failed', 'keep runs that failed, were terminated or timed out')
    .option('--dry-run', 'only show what would be removed')
    .option('--json', 'print one JSON object')
    .action(async (options) => done(await (await import('./commands/prune.js')).prune(context, options)));
}
