import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { FormatName, FormatOptions } from '../../formats/index.js';
import type { ExecManifestOptions } from '../../formats/exec-manifest/index.js';
import type { PlanText } from '../../plan/files/plan-text.js';
import type { CliContext } from '../context.js';
import { readDuration } from './durations.js';
import { UsageError } from '../errors.js';
import { givenPipelineOptions, readPipelineOptions, withPipelineOptions, type PipelineFlags } from './pipeline.js';
import { defined } from '../../basics/defined.js';

/** A file above this is no prose plan. Bytes. */
const MAX_PROSE_BYTES = 16 * 1024 * 1024;
const MODES = ['dependency-driven', 'manual-batching', 'all-sequential', 'all-parallel'] as const;

/** Options that are for files of other systems. */
export interface FormatFlags extends PipelineFlags {
  mode?: (typeof MODES)[number];
  plan?: string;
  projectDir?: string;
  /** False with `--no-review`. */
  review?: boolean;
  reviewEngine?: string;
  maxFixRounds?: number;
  dispatch?: string | true;
  /** False with `--no-push-guard`. */
  pushGuard?: boolean;
  /** Seconds. */
  answerTimeout?: number;
}

/**
 * Adds the options that are for files of other systems, under headings of their own: after the others, so to be called last;
 * `prose` names the one for a prose plan.
 */
export function withFormatOptions(command: Command, prose = '--plan'): Command {
  command
    .optionsGroup('Options for execution manifests (NAME.exec.yaml):')
    .addOption(new Option('--mode <mode>', 'run in this mode instead of its own').choices(MODES))
    .option(`${prose} <md>`, 'its prose plan, with <verify> blocks; NAME.criteria.md beside it is for reviewers')
    .option('--project-dir <dir>', 'folder in which tasks work (default: the current one)')
    .option('--no-review', 'do not review the work of tasks')
    .option('--review-engine <agent>', 'agent that reviews (default: codex for fast tasks, claude for deep ones)')
    .option('--max-fix-rounds <n>', 'rounds of fixing after a failed check or review (default 2)', rounds)
    .option('--no-push-guard', 'let agents push')
    .option('--dispatch [script]', 'hand tasks to a dispatch script instead of to agents (after the file)')
    .option('--answer-timeout <time>', 'how long a task waits for an answer, such as 30m (default: forever)', seconds);
  return withPipelineOptions(command);
}

function seconds(text: string): number {
  return readDuration('--answer-timeout', text) / 1000;
}

function rounds(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 0 to 99.');
  return Number(text);
}

/** What the options say about a file's conversion, and the texts that were read for it. */
export interface ReadFormatOptions {
  options: FormatOptions;
  /** Files besides the plan's own that diagnostics may be about. */
  texts: PlanText[];
  /** The options that were given, and the format that each is for. */
  given: { option: string; format: FormatName }[];
}

/**
 * Reads the options, and the files that they name.
 *
 * @param file the plan's file as it was given
 * @throws UsageError where one of the files cannot be read
 */
export async function readFormatOptions(
  context: CliContext,
  file: string,
  flags: FormatFlags,
): Promise<ReadFormatOptions> {
  const folder = path.resolve(context.cwd, flags.projectDir ?? '.');
  const prose = flags.plan === undefined ? undefined : await readProse(context, flags.plan, folder);
  const { mode, dispatch, projectDir } = flags;
  const reviewEngine = flags.reviewEngine ?? (context.env['ORC_REVIEW_ENGINE'] || undefined);
  const maxFixRounds = flags.maxFixRounds ?? roundsOf(context.env['ORC_MAX_FIX_ROUNDS']);
  const script = await dispatchScript(context, file, dispatch, folder);
  const manifest: ExecManifestOptions = {
    ...defined({ mode, plan: prose, projectDir }),
    ...(flags.review === false ? { review: false } : {}),
    ...defined({ reviewEngine, maxFixRounds }),
    ...(isBypassed(context, flags) ? { mayPush: true } : {}),
    ...defined({ dispatch: script, answerTimeoutSec: flags.answerTimeout }),
  };
  return {
    options: { 'exec-manifest': manifest, pipelines: readPipelineOptions(context, file, flags) },
    texts: prose === undefined ? [] : [{ name: prose.name, text: prose.text }],
    given: [
      ...givenOptions(flags).map((option) => ({ option, format: 'exec-manifest' as const })),
      ...givenPipelineOptions(flags).map((option) => ({ option, format: 'pipelines' as const })),
    ],
  };
}

/** The older system had a variable for it, too. */
function isBypassed({ env }: CliContext, { pushGuard }: FormatFlags): boolean {
  return pushGuard === false || !['', '0', undefined].includes(env['ORC_PUSH_GUARD_BYPASS']);
}

/** The options that were given, of whatever format. */
export function givenFormatOptions(flags: FormatFlags): string[] {
  return [...givenOptions(flags), ...givenPipelineOptions(flags)];
}

function givenOptions(flags: FormatFlags): string[] {
  const values: Record<string, unknown> = {
    '--mode': flags.mode,
    '--plan': flags.plan,
    '--project-dir': flags.projectDir,
    '--no-review': flags.review === false ? true : undefined,
    '--review-engine': flags.reviewEngine,
    '--max-fix-rounds': flags.maxFixRounds,
    '--no-push-guard': flags.pushGuard === false ? true : undefined,
    '--dispatch': flags.dispatch,
    '--answer-timeout': flags.answerTimeout,
  };
  return Object.keys(values).filter((name) => values[name] !== undefined);
}

function roundsOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,2}$/.test(text)) {
    throw new UsageError(
      `ORC_MAX_FIX_ROUNDS=${text}: not a valid number of rounds`,
      'set it to a whole number, or unset it',
    );
  }
  return Number(text);
}

/** What the old tool calls the script by. */
const SCRIPT_VARIABLE = 'CLAVAIN_DISPATCH_SH';
const SCRIPT = 'dispatch.sh';

/**
 * The dispatch script, where one is to be used: as the option says, else as the environment says.
 *
 * @throws UsageError where it is not there: each task would find that out for itself
 */
async function dispatchScript(
  context: CliContext,
  file: string,
  given: string | true | undefined,
  folder: string,
): Promise<string | true | undefined> {
  if (typeof given === 'string') return scriptAt(context, '--dispatch', given, folder);
  const variable = context.env[SCRIPT_VARIABLE];
  if (variable !== undefined && variable !== '') {
    // It may be set for good, and then it says nothing of plans.
    if (given === undefined && !/\.exec\.(?:ya?ml|json)$/i.test(file) && !(await isFile(path.resolve(variable)))) {
      return undefined;
    }
    return scriptAt(context, SCRIPT_VARIABLE, variable, folder);
  }
  if (given === undefined) return undefined;
  const folders = [folder, ...(context.env['PATH'] ?? '').split(path.delimiter)].filter((each) => each !== '');
  for (const each of folders) if (await isFile(path.join(each, SCRIPT))) return true;
  throw new UsageError(
    `--dispatch: ${SCRIPT} was not found in ${folder} or on the PATH`,
    `name the script: --dispatch SCRIPT, or ${SCRIPT_VARIABLE}`,
  );
}

/** The script as it is called from the folder that tasks work in. */
async function scriptAt(context: CliContext, by: string, script: string, folder: string): Promise<string> {
  const absolute = path.resolve(context.cwd, script);
  if (!(await isFile(absolute))) {
    throw new UsageError(
      `${by}${by.startsWith('-') ? ' ' : '='}${script}: there is no such file`,
      by.startsWith('-')
        ? 'name the dispatch script, or omit the name to use the one on the PATH'
        : `correct ${by}, or unset it`,
    );
  }
  return path.isAbsolute(script) ? script : path.relative(folder, absolute);
}

async function readProse(
  context: CliContext,
  file: string,
  folder: string,
): Promise<NonNullable<ExecManifestOptions['plan']>> {
  const absolute = path.resolve(context.cwd, file);
  let text: string;
  try {
    const found = await stat(absolute);
    if (!found.isFile())
      throw new UsageError(`--plan ${file}: this is not a file`, 'give the prose plan, a Markdown file');
    if (found.size > MAX_PROSE_BYTES) throw new UsageError(`--plan ${file}: the file is ${found.size} bytes`);
    text = await readFile(absolute, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`--plan ${file}: ${code === 'ENOENT' ? 'there is no such file' : (code ?? message)}`);
  }
  const criteria = absolute.replace(/\.md$/i, '.criteria.md');
  const known = criteria !== absolute && (await isFile(criteria));
  return {
    name: file,
    text,
    path: path.relative(folder, absolute),
    ...(known ? { criteria: path.relative(folder, criteria) } : {}),
  };
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
