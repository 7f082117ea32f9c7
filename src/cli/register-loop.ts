import type { Command } from 'commander';
import type { CliContext } from './context.js';
import { hintOfOldFlag } from './loop/old-flags.js';
import { collect } from './options/plan.js';

type Done = (exitCode: number) => void;

const steering = async () => import('./commands/loop-steer.js');

/** The supervisor/engineer loop. Each command loads its code, and Temporal's packages, only when it is used. */
export function addLoopCommands(program: Command, context: CliContext, done: Done): void {
  const loop = program.command('loop').description('run two roles in turn over prompts: a supervisor and main');
  addStarts(loop, context, done);
  addViews(loop, context, done);
  addSteering(loop, context, done);
  addTransfer(loop, context, done);
  addWorker(loop, context, done);
  for (const command of loop.commands) hintAtOldFlags(command);
}

function addStarts(loop: Command, context: CliContext, done: Done): void {
  withKnobs(loop.command('run [config]', { isDefault: true }).description('start or continue the loop, and follow it'))
    .option('--detach', 'only start it, and print its id')
    .option('--agent-exit-code', 'exit with the code of the agent that failed, as older loops did')
    .addHelpText(
      'after',
      '\nCtrl-C detaches: the loop continues. `orch loop watch` follows it again, `orch loop stop` ends it.',
    )
    .action(async (config, options) => done(await (await import('./commands/loop.js')).loop(context, config, options)));

  withKnobs(loop.command('start [config]').description('start or continue the loop, and print its id')).action(
    async (config, options) =>
      done(await (await import('./commands/loop.js')).loop(context, config, { ...options, detach: true })),
  );

  loop
    .command('init [folder]')
    .description('write a commented orchestration.yaml and stub prompts; nothing is overwritten')
    .option('--json', 'print one JSON object')
    .action(async (folder, options) =>
      done(await (await import('./commands/loop-init.js')).init(context, folder, options)),
    );
}

function addViews(loop: Command, context: CliContext, done: Done): void {
  loop
    .command('list')
    .description('list loops, newest first')
    .option('--limit <n>', 'at most this many', '20')
    .option('--json', 'print a JSON array')
    .action(async (options) => done(await (await steering()).list(context, options)));

  loop
    .command('status [loop]')
    .description('show the state of the loop')
    .option('--json', 'print one JSON object')
    .action(async (id, options) => done(await (await steering()).status(context, id, options)));

  loop
    .command('watch [loop]')
    .description('follow the loop to its end')
    .option('--json', 'print the result as one JSON object')
    .action(async (id, options) => done(await (await steering()).watch(context, id, options)));
}

function addSteering(loop: Command, context: CliContext, done: Done): void {
  withSender(loop.command('stop [loop]').description('end the loop after the current turn'))
    .option('--reason <text>', 'why')
    .option('--now', 'end the current turn, too')
    .action(async (id, options) => done(await (await steering()).stop(context, id, options)));

  withSender(loop.command('pause [loop]').description('start no further turn')).action(async (id, options) =>
    done(await (await steering()).pause(context, id, options)),
  );

  withSender(
    loop.command('resume [loop]').description('continue after a pause, or where the loop failed or was stopped'),
  )
    .option('--max-iterations <n>', 'number of further iterations to make')
    .action(async (id, options) => done(await (await steering()).resume(context, id, options)));
}

function addTransfer(loop: Command, context: CliContext, done: Done): void {
  loop
    .command('export-state [loop]')
    .description('print the state of the loop, in the form of state.json')
    .option('--out <file>', 'write it to this file; what others have written there is kept')
    .action(async (id, options) => done(await (await steering()).exportState(context, id, options)));

  withKnobs(
    loop.command('import-state <file> [config]').description('start the loop where an older run left off'),
  ).action(async (file, config, options) =>
    done(await (await import('./commands/loop.js')).importLoop(context, file, config, options)),
  );
}

function addWorker(loop: Command, context: CliContext, done: Done): void {
  loop
    .command('worker [config]')
    .description('take the turns of one role on this machine, in the foreground')
    .requiredOption('--role <role>', 'supervisor (galph) or main (ralph)')
    .option('--task-queue <name>', 'task queue of the loop', 'orch')
    .option('--json', 'print one JSON object when it is ready')
    .action(async (config, options) =>
      done(await (await import('./commands/loop-worker.js')).loopWorker(context, config, options)),
    );
}

/** What is told of a flag that older loops had says what it is called now. */
function hintAtOldFlags(command: Command): void {
  const output = command.configureOutput();
  command.exitOverride().configureOutput({
    outputError(text, write) {
      const told = `${text}${hintOfOldFlag(text)}`;
      if (output.outputError === undefined) write(told);
      else output.outputError(told, write);
    },
  });
}

function withKnobs(command: Command): Command {
  return command
    .option('--id <id>', 'id of the loop (default: one per configuration)')
    .option('--fresh', 'start at the first iteration, whatever was before')
    .option('--max-iterations <n>', 'iterations to make (default 20)')
    .option('--mode <mode>', 'combined: on one machine; role: a worker for each role')
    .option('--agent <name>', 'agent where none is specified')
    .option('--agent-role <role=agent,...>', 'agents by role; overrides the file')
    .option('--agent-prompt <prompt=agent,...>', 'agents by prompt; overrides roles')
    .option('--prompt-supervisor <file>', 'prompt of the supervisor')
    .option('--prompt-main <file>', 'prompt of main')
    .option('--prompt-reviewer <file>', 'prompt of reviews')
    .option('--workflow <name>', 'standard, review_cadence, standard2 or review_cadence2')
    .option('--review-every-n <n>', 'every so many iterations one turn is the reviewer’s')
    .option('--use-router', 'choose prompts by rules and a router')
    .option('--no-router', 'run a plain sequence')
    .option('--router-prompt <file>', 'prompt whose answer names the prompt to run')
    .option('--router-mode <mode>', 'router_default, router_first or router_only')
    .option('--router-allowlist <prompts>', 'prompts that the router may choose, separated by commas')
    .option('--router-applies-to <turns>', 'first or all')
    .option('--sync-via-git', 'synchronize with a shared repository')
    .option('--no-git', 'do not synchronize')
    .option('--commit-dry-run', 'show what would be committed; commit and push nothing')
    .option('--tolerate-dirty', 'continue despite dirty files that no rule commits')
    .option('--branch <name>', 'the only branch the loop works on')
    .option('--state-file <file>', 'where its state is written down (default sync/state.json), or none')
    .option('--start-prompt <file>', 'prompt that the loop begins with, of the supervisor or of main')
    .option('--completion-marker <file>', 'file by whose change an agent says that its turn is over')
    .option('--pause', 'wait for a person after each turn')
    .option('--set <name=value>', 'any setting of the file, by name (repeatable)', collect, [])
    .option('--env <name[=value]>', 'environment variable to pass to the loop (repeatable)', collect, [])
    .option('--json', 'print the result as one JSON object');
}

function withSender(command: Command): Command {
  return command.option('--by <name>', 'who does this').option('--json', 'print one JSON object');
}
