import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { isMode, MODE_HINT, MODE_VARIABLES } from '../../formats/pipelines/execution-mode.js';
import type { PipelinesOptions } from '../../formats/pipelines/options.js';
import type { CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { defined } from '../../basics/defined.js';

/** Options that are for files of pipelines. */
export interface PipelineFlags {
  pipeline?: string;
  task?: string;
  executionMode?: string;
  /** False with `--no-cloud`. */
  cloud?: boolean;
  /** The pipeline that is meant where none is named; means nothing for other files. */
  usualPipeline?: string;
  /** Nothing is to be run. */
  checkOnly?: boolean;
}

/** Adds the options that are for files of pipelines, under a heading of their own. */
export function withPipelineOptions(command: Command): Command {
  return command
    .optionsGroup('Options for pipelines (codex.orchestrator.json):')
    .option('--pipeline <id>', 'the one to run (default: the one named in the file)')
    .option('--task <id>', 'what the run is for (default: the pipeline)')
    .option('--execution-mode <mode>', 'mcp or cloud, for all stages')
    .option('--cloud', 'the same as --execution-mode cloud')
    .option('--no-cloud', 'the same as --execution-mode mcp')
    .optionsGroup('Options:');
}

/** What the options say of a file, and the environment, which is looked into and never changed. */
export function readPipelineOptions(context: CliContext, file: string, flags: PipelineFlags): PipelinesOptions {
  const root = path.dirname(path.resolve(context.cwd, file));
  const { pipeline = flags.usualPipeline, task, executionMode, cloud, checkOnly } = flags;
  return {
    root,
    ...packageRootIn(root),
    env: context.env,
    ...defined({ pipeline, task, executionMode, cloud }),
    ...(checkOnly === true && { checkOnly }),
  };
}

/** The tool that the file was written for: installed for the project, or the project itself. */
function packageRootIn(root: string): { packageRoot?: string } {
  const name = '@kbediako/codex-orchestrator';
  for (let folder = root; ; folder = path.dirname(folder)) {
    const installed = path.join(folder, 'node_modules', name);
    if (packageName(installed) === name) return { packageRoot: installed };
    if (packageName(folder) === name) return { packageRoot: folder };
    if (folder === path.dirname(folder)) return {};
  }
}

function packageName(folder: string): unknown {
  try {
    return (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { name?: unknown }).name;
  } catch {
    return undefined;
  }
}

/** The options about pipelines that were given. */
export function givenPipelineOptions(flags: PipelineFlags): string[] {
  const values: Record<string, unknown> = {
    '--pipeline': flags.pipeline,
    '--task': flags.task,
    '--execution-mode': flags.executionMode,
    [flags.cloud === false ? '--no-cloud' : '--cloud']: flags.cloud,
  };
  return Object.keys(values).filter((name) => values[name] !== undefined);
}

/**
 * Refuses a mode that means nothing: taken for none, it would let work be done elsewhere than somebody meant.
 *
 * @throws UsageError
 */
export function refuseUnknownModes({ env }: Pick<CliContext, 'env'>, { executionMode }: PipelineFlags): void {
  const said: [string, string | undefined][] = [
    ['--execution-mode', executionMode],
    ...MODE_VARIABLES.map((name): [string, string | undefined] => [name, env[name]]),
  ];
  for (const [name, value] of said) {
    if (value === undefined || isMode(value)) continue;
    throw new UsageError(`${name}: '${value}' is not an execution mode`, MODE_HINT);
  }
}
