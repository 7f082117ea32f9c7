import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { EXIT, type CliContext, type CliHost } from './context.js';
import { reportError, UsageError } from './errors.js';
import { showsLinks } from './hyperlinks.js';
import { giveBack } from './greedy-options.js';
import { addLoopCommands } from './register-loop.js';
import { addPlanCommands } from './register-plan.js';
import { addRecordCommands } from './register-record.js';
import { addRunCommands } from './register-run.js';
import { addScheduleCommands } from './register-schedule.js';
import { addServiceCommands } from './register-service.js';
import { addShellCommands } from './register-shell.js';
import { addSteerCommands } from './register-steer.js';
import { oneLine } from './render/format.js';
import { createStyles, paint } from './terminal.js';
import { version } from './version.js';
import { shellWord } from '../basics/shell-word.js';

/** Runs one command line; resolves to the exit code, never throws. */
export async function runCli(args: readonly string[], host: CliHost): Promise<number> {
  const context = createContext(host);
  let exitCode: number = EXIT.succeeded;
  const program = createProgram(context, args, (code) => {
    exitCode = code;
  });
  try {
    if (args.length === 0) return await (await import('./commands/overview.js')).overview(context);
    await program.parseAsync(meantWords(program, context, args), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.succeeded : EXIT.usage;
    return reportError(context, error, args.includes('--json'));
  }
}

/** The commands, for what describes them and runs none. */
export function commandTree(): Command {
  const { stdout, stderr } = process;
  return createProgram(createContext({ env: {}, cwd: '/', stdout, stderr }), [], () => {});
}

/** The command line as it was meant. @throws UsageError where it is a plan without a command */
function meantWords(program: Command, context: CliContext, [name = '', ...words]: readonly string[]): string[] {
  const command = program.commands.find((each) => each.name() === name);
  if (command !== undefined) return [name, ...giveBack(command, words)];
  if (!name.startsWith('-') && existsSync(path.resolve(context.cwd, name))) {
    throw new UsageError(`'${name}' is a file, not a command`, `did you mean \`orch run ${name}\`?`);
  }
  const after = words.findIndex((word) => program.commands.some((each) => each.name() === word));
  if (
    /^--?[a-z]/.test(name) &&
    after >= 0 &&
    !program.options.some(({ short, long }) => name === short || name === long)
  ) {
    const meant = [words[after]!, name, ...words.slice(0, after), ...words.slice(after + 1)];
    throw new UsageError(
      `'${name}' is an option of a command, and belongs after it`,
      `did you mean \`orch ${meant.map(shellWord).join(' ')}\`?`,
    );
  }
  return [name, ...words];
}

/** What the library says of a command line, with its suggestion as our errors have theirs, or how the command is used. */
function asHint(text: string, program: Command, args: readonly string[]): string {
  const suggested = text.replace(/\n\(Did you mean (?:one of )?(.+)\?\)\n$/, (_, names: string) => {
    return `\n  hint: did you mean ${names.replace(/, ([^,]+)$/, ' or $1')}?\n`;
  });
  if (suggested !== text || !/^error: (missing required|too many) argument/.test(text)) return suggested;
  const names: string[] = ['orch'];
  let command = program;
  for (const word of args) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    names.push(word);
    command = next;
  }
  return `${text}  hint: usage: ${names.join(' ')} ${command.usage()}\n`;
}

function createProgram(context: CliContext, args: readonly string[], done: (exitCode: number) => void): Command {
  const broken = args.filter((word) => /[\r\n]/.test(word));
  const program = new Command('orch')
    .description('Runs plans (steps and their dependencies) durably on Temporal.')
    .version(version(), '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.out(text),
      writeErr: (text) => context.note(text),
      // What it quotes may have lines of its own.
      outputError: (text, write) =>
        write(
          asHint(
            broken.reduce((said, word) => said.replaceAll(word, oneLine(word)), text),
            program,
            args,
          ),
        ),
    })
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      `
Exit codes: 0 succeeded, 1 the run failed, 2 usage or invalid plan, 3 service unreachable, 4 canceled,
5 quarantined: the run waits for a decision.

Start with:  orch init && orch run gate.yaml`,
    );
  program.commandsGroup('Run plans:');
  addRunCommands(program, context, done);
  program.commandsGroup('Steer runs:');
  addSteerCommands(program, context, done);
  program.commandsGroup('What runs leave behind:');
  addRecordCommands(program, context, done);
  program.commandsGroup('Write and check plans:');
  addPlanCommands(program, context, done);
  program.commandsGroup('Loops:');
  addLoopCommands(program, context, done);
  program.commandsGroup('Schedules:');
  addScheduleCommands(program, context, done);
  program.commandsGroup('The service:');
  addServiceCommands(program, context, done);
  program.commandsGroup('Your shell:');
  addShellCommands(program, context, done);
  for (const command of program.commands) command.exitOverride();
  return program;
}

function createContext(host: CliHost): CliContext {
  const stderrTty = 'isTTY' in host.stderr && host.stderr.isTTY;
  const stdoutTty = 'isTTY' in host.stdout && host.stdout.isTTY;
  const ci = Boolean(host.env['CI']);
  const colored = !host.env['NO_COLOR'] && !ci && host.env['TERM'] !== 'dumb';
  return {
    env: host.env,
    cwd: host.cwd,
    get stdin() {
      return host.stdin;
    },
    out: (text) => void host.stdout.write(paint(text)),
    note: (text) => void host.stderr.write(paint(text)),
    raw: { stdout: host.stdout, stderr: host.stderr },
    colors: createStyles(colored && stderrTty, showsLinks(host.env, stderrTty)),
    outColors: createStyles(colored && stdoutTty, showsLinks(host.env, stdoutTty)),
    live: stderrTty && !ci && host.env['TERM'] !== 'dumb',
  };
}
