import { Argument, type Command } from 'commander';
import { SHELLS } from './completion/scripts.js';
import type { CliContext } from './context.js';

type Done = (exitCode: number) => void;

/** Commands for the shell that orch is typed in. */
export function addShellCommands(program: Command, context: CliContext, done: Done): void {
  program
    .command('completion')
    .description('print a script that lets a shell complete commands, options, runs and steps')
    .addArgument(new Argument('<shell>', 'which').choices(SHELLS))
    .addHelpText(
      'after',
      `
  bash  eval "$(orch completion bash)"        in ~/.bashrc
  zsh   eval "$(orch completion zsh)"         in ~/.zshrc, after compinit
  fish  orch completion fish | source         in ~/.config/fish/config.fish`,
    )
    .action(async (shell) => done((await import('./commands/completion.js')).completion(context, shell)));

  program
    .command('__complete [words...]', { hidden: true })
    .action(async (words) => done(await (await import('./commands/completion.js')).complete(context, program, words)));
}
