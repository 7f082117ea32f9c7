import { Argument, Option, type Command } from 'commander';
import type { CliContext } from './context.js';
import { withFormatOptions } from './options/format.js';
import { SCHEMAS, TEMPLATES } from './schema-names.js';
import { collect, withEnv, withSelection } from './options/plan.js';

type Done = (exitCode: number) => void;

/** Commands about the files of plans, which touch no service. */
export function addPlanCommands(program: Command, context: CliContext, done: Done): void {
  program
    .command('init [file]')
    .description('write a plan to begin with, and the schema that an editor completes and checks it by')
    .addOption(new Option('--template <name>', 'what kind of plan').choices(TEMPLATES).default('gate'))
    .option('--force', 'overwrite an existing file')
    .option('--json', 'print what was written as one JSON object')
    .action(async (file, options) => done(await (await import('./commands/init.js')).init(context, file, options)));

  const validate = program
    .command('validate <plan...>')
    .description('check plans, or those in a folder; report every problem and where it is')
    .option('--strict', 'count warnings as errors')
    .option('--github', 'mark problems in the pages of GitHub (the default in its jobs)')
    .option('--json', 'print one JSON object');
  withFormatOptions(validate).action(async (plans, options) =>
    done(await (await import('./commands/validate.js')).validate(context, plans, options)),
  );

  const plan = withEnv(withSelection(program.command('plan <plan>')))
    .description('dry run: show the waves and what each step would do')
    .option('--input <name=value>', 'value of a plan input (repeatable)', collect, [])
    .option('--inputs <file>', 'JSON or YAML file of input values')
    .option('--strict', 'count warnings as errors')
    .option('--json', 'print one JSON object');
  withFormatOptions(plan).action(async (file, options) =>
    done(await (await import('./commands/plan.js')).plan(context, file, options)),
  );

  const graph = program
    .command('graph <plan>')
    .description('draw the steps and their dependencies')
    .addOption(new Option('--format <format>', 'output format').choices(['mermaid', 'dot']).default('mermaid'))
    .option('--json', 'print nodes and edges as one JSON object');
  withFormatOptions(graph).action(async (file, options) =>
    done(await (await import('./commands/graph.js')).graph(context, file, options)),
  );

  program
    .command('schema')
    .description('print a JSON Schema, for editors and other programs')
    .addArgument(new Argument('[name]', 'of what').choices(SCHEMAS).default('plan'))
    .option('--path', 'print where the file is')
    .action(async (name, options) => done((await import('./commands/schema.js')).schema(context, name, options)));

  const convert = program
    .command('convert <file>')
    .description('print a file of another system as the plan that orch runs')
    .option('-o, --out <file>', 'write to this file; in YAML if its name ends in .yaml or .yml')
    .option('--force', 'overwrite existing files')
    .addOption(new Option('--yaml', 'in YAML').conflicts('json'))
    .option('--json', 'in JSON (the default, unless the name ends in .yaml or .yml)')
    .option('--strict', 'count warnings as errors');
  withFormatOptions(convert).action(async (file, options) =>
    done(await (await import('./commands/convert.js')).convert(context, file, options)),
  );
}
