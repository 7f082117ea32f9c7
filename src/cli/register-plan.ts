import { Option, type Command } from 'commander';
import type { CliContext } from './context.js';
import { withFormatOptions } from './options/format.js';
import { collect, withSelection } from './options/plan.js';

type Done = (exitCode: number) => void;

/** Commands that look at a plan and touch no service. */
export function addPlanCommands(program: Command, context: CliContext, done: Done): void {
  withFormatOptions(program.command('validate <plan...>'))
    .description('check plans; report every problem and where it is')
    .option('--strict', 'count warnings as errors')
    .option('--json', 'print one JSON object')
    .action(async (plans, options) =>
      done(await (await import('./commands/validate.js')).validate(context, plans, options)),
    );

  withFormatOptions(withSelection(program.command('plan <plan>')))
    .description('dry run: show the waves and what each step would do')
    .option('--input <name=value>', 'value of a plan input (repeatable)', collect, [])
    .option('--inputs <file>', 'JSON or YAML file of input values')
    .option('--env <name[=value]>', 'environment variable to pass to the run (repeatable)', collect, [])
    .option('--strict', 'count warnings as errors')
    .option('--json', 'print one JSON object')
    .action(async (plan, options) => done(await (await import('./commands/plan.js')).plan(context, plan, options)));

  withFormatOptions(program.command('graph <plan>'))
    .description('draw the steps and their dependencies')
    .addOption(new Option('--format <format>', 'output format').choices(['mermaid', 'dot']).default('mermaid'))
    .option('--json', 'print nodes and edges as one JSON object')
    .action(async (plan, options) => done(await (await import('./commands/graph.js')).graph(context, plan, options)));

  withFormatOptions(program.command('convert <file>'))
    .description('print a file of another system as the plan that orch runs')
    .option('-o, --out <file>', 'write to this file; in YAML if its name ends in .yaml or .yml')
    .option('--force', 'overwrite existing files')
    .addOption(new Option('--yaml', 'in YAML').conflicts('json'))
    .option('--json', 'in JSON (the default, unless the name ends in .yaml or .yml)')
    .option('--strict', 'count warnings as errors')
    .action(async (file, options) =>
      done(await (await import('./commands/convert.js')).convert(context, file, options)),
    );
}
