import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { schemaFile, templateFile } from '../package-files.js';
import type { TemplateName } from '../schema-names.js';

interface InitFlags {
  template: TemplateName;
  force?: boolean;
  json?: boolean;
}

/** Where editors find the schema: a copy beside the plan, for the installation may be anywhere on another machine. */
const SCHEMA = path.join('.orch', 'plan.schema.json');

/** `orch init [FILE]`: writes a plan to begin with, and the schema that its editor completes and checks it by. */
export async function init(context: CliContext, given: string | undefined, flags: InitFlags): Promise<number> {
  if (flags.template === 'loop') return (await import('./loop-init.js')).init(context, given, flags);
  const file = path.resolve(context.cwd, given ?? `${flags.template}.yaml`);
  const name = path.relative(context.cwd, file) || '.';
  if (existsSync(file) && flags.force !== true) {
    throw new UsageError(`${name} already exists`, 'give another name, or --force to overwrite it');
  }
  const schema = path.join(path.dirname(file), SCHEMA);
  mkdirSync(path.dirname(schema), { recursive: true });
  copyFileSync(schemaFile('plan'), schema);
  // The name in its comment is that of the template.
  const text = readFileSync(templateFile(flags.template), 'utf8').replace(
    `orch run ${flags.template}.yaml`,
    `orch run ${name}`,
  );
  writeFileSync(file, `# yaml-language-server: $schema=${SCHEMA.replaceAll(path.sep, '/')}\n${text}`);
  const beside = path.relative(context.cwd, schema);
  if (flags.json === true) {
    context.out(`${JSON.stringify({ written: [name, beside] }, null, 2)}\n`);
    return EXIT.succeeded;
  }
  context.note(`wrote ${name}, and ${beside} for your editor\n`);
  context.note(`next: put your commands into it, look at it with \`orch plan ${name}\`, then \`orch run ${name}\`\n`);
  return EXIT.succeeded;
}
