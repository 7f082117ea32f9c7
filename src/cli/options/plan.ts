import path from 'node:path';
import type { Command } from 'commander';
import { openText } from '../../plan/document/open-text.js';
import type { Json } from '../../plan/model/values.js';
import { isMap } from '../../plan/problems/paths.js';
import { typeName } from '../../plan/problems/problems.js';
import { looksSecret, secretHint } from '../../plan/templates/secret-names.js';
import { secretIn } from '../../plan/templates/secret-looks.js';
import type { Selection } from '../../plan/graph/selection.js';
import type { CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { readEnvFiles } from './env-file.js';
import { readGivenFile } from './given-file.js';
import { defined } from '../../basics/defined.js';

/** Options of the commands that resolve a plan's inputs. */
export interface InputOptions {
  input: string[];
  inputs?: string;
  env: string[];
  envFile?: string[];
  only?: string[];
  from?: string[];
  to?: string[];
  skip?: string[];
}

/** The steps that the options select. */
export function readSelection({ only, from, to, skip }: InputOptions): Selection {
  return defined({ only, from, to, skip });
}

/** Adds the options that give variables of the environment to a run. */
export function withEnv(command: Command, further = ''): Command {
  return command
    .option('--env <name[=value]>', `${further}environment variable to pass to the run (repeatable)`, collect, [])
    .option('--env-file <file>', 'file of such variables, a NAME=VALUE on each line (repeatable)', collect, []);
}

/** Adds the options that select steps. */
export function withSelection(command: Command): Command {
  return command
    .option('--only <step...>', 'run only these steps; a tag with a colon (phase:2) stands for all that have it')
    .option('--from <step...>', 'run these steps and all that depends on them')
    .option('--to <step...>', 'run these steps and all that they depend on')
    .option('--skip <step...>', 'leave these steps out; their dependents still run');
}

/** Collects a repeatable option. */
export function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

/** Values of `--inputs FILE`, over them those of `--input NAME=VALUE`. */
export async function readInputs(context: CliContext, options: InputOptions): Promise<Record<string, Json>> {
  const values: Record<string, Json> = options.inputs === undefined ? {} : readInputFile(context, options.inputs);
  const all = { ...values, ...collectPairs(options.input) };
  for (const [name, value] of Object.entries(all)) warnOfSecret(context, `the input ${name}`, value);
  return all;
}

/** What a run is given stands in its history. */
function warnOfSecret(context: CliContext, what: string, value: Json): void {
  const looks = typeof value === 'string' ? secretIn(value) : undefined;
  if (looks === undefined) return;
  const { colors } = context;
  context.note(
    `${colors.yellow(colors.bold('warning[secret_input]'))}: ${what} looks like ${looks}, and is stored in plain text in the run's history\n` +
      `  ${colors.cyan('hint')}: declare it under secrets in the plan, from a variable, a file or a command of the worker\n`,
  );
}

/** Values given as NAME=VALUE. */
export function collectPairs(pairs: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const given of pairs) {
    const [name, value] = splitPair(given);
    if (value === undefined) throw new UsageError(`--input ${given}: a value is missing`, 'write --input NAME=VALUE');
    values[name] = value;
  }
  return values;
}

/**
 * What `--env NAME[=VALUE]` takes along, over what stands in the files of `--env-file`; a bare name takes the value from
 * here.
 */
export function readEnv(context: CliContext, options: Pick<InputOptions, 'env' | 'envFile'>): Record<string, string> {
  const values = readEnvFiles(context.cwd, options.envFile ?? []);
  for (const [name, value] of Object.entries(values)) warnOfSecret(context, `the variable ${name}`, value);
  for (const given of options.env) {
    const [name, value] = splitPair(given);
    const found = value ?? context.env[name];
    if (found === undefined) {
      throw new UsageError(
        `--env ${name}: not set here`,
        looksSecret(name) ? secretHint(name) : `write --env ${name}=VALUE`,
      );
    }
    values[name] = found;
    warnOfSecret(context, `the variable ${name}`, found);
  }
  return values;
}

function splitPair(given: string): [string, string | undefined] {
  const at = given.indexOf('=');
  const name = at < 0 ? given : given.slice(0, at);
  if (name === '') throw new UsageError(`'${given}': a name is missing`, 'write NAME=VALUE');
  return [name, at < 0 ? undefined : given.slice(at + 1)];
}

function readInputFile(context: CliContext, file: string): Record<string, Json> {
  const expected = 'it holds the values of inputs, name to value, as JSON or YAML';
  const bytes = readGivenFile(context.cwd, file, `--inputs ${file}`, expected);
  const read = openText(bytes, file);
  if ('faults' in read) {
    const { line, column, message, hint } = read.faults[0]!;
    throw new UsageError(`--inputs ${file}:${line}:${column}: ${message}`, hint ?? expected);
  }
  if (!isMap(read.opened.value)) {
    throw new UsageError(`--inputs ${file}: it must be a map, not ${typeName(read.opened.value)}`, expected);
  }
  return { ...(read.opened.value as Record<string, Json>) };
}

/** The absolute path of a plan that was named; undefined for one from stdin. */
export function planFileOf({ cwd }: CliContext, plan: string): string | undefined {
  return plan === '-' ? undefined : path.resolve(cwd, plan);
}
