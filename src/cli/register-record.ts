import type { Command } from 'commander';
import type { CliContext } from './context.js';

type Done = (exitCode: number) => void;

/** Commands about what runs leave behind. */
export function addRecordCommands(program: Command, context: CliContext, done: Done): void {
  program
    .command('export <run>')
    .description('write what a run did: its manifest and events, rebuilt from history, or a report')
    .option('--out <path>', 'folder to write to, or file for one of the formats (default: the folder of the run)')
    .option('--json', 'print the manifest')
    .option('--events', 'print the events, one JSON object a line')
    .option('--junit', 'print JUnit XML, for a CI')
    .option('--html', 'print a page: graph, timeline, steps and the ends of their logs')
    .action(async (run, options) =>
      done(await (await import('./commands/export.js')).exportRun(context, run, options)),
    );
}
