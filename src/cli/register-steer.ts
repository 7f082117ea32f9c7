import type { Command } from 'commander';
import type { CliContext } from './context.js';
import { onRun } from './on-run.js';
import { collect } from './options/plan.js';

type Done = (exitCode: number) => void;

const load = async () => import('./commands/steer.js');

/** Commands that steer a run, and the one that says why a step is where it is. */
export function addSteerCommands(program: Command, context: CliContext, done: Done): void {
  addEnds(program, context, done);
  addPauses(program, context, done);
  addAnswers(program, context, done);
  addExplain(program, context, done);
}

function addEnds(program: Command, context: CliContext, done: Done): void {
  withSender(program.command('cancel <run> [step]').description('cancel a run, or one step of it'))
    .option('--force', 'also end the `finally` steps of the run; terminate a run that is parked')
    .action(async (run, step, options) =>
      done(await onRun(context, run, async (id) => (await load()).cancel(context, id, step, options))),
    );

  withSender(
    program.command('skip <run> <step>').description('skip a step that has not started; its dependents still run'),
  )
    .option('--propagate', 'also skip what depends on it')
    .action(async (run, step, options) =>
      done(await onRun(context, run, async (id) => (await load()).skip(context, id, step, options))),
    );
}

function addPauses(program: Command, context: CliContext, done: Done): void {
  withSender(program.command('pause <run>').description('start no further step; running steps continue')).action(
    async (run, options) => done(await onRun(context, run, async (id) => (await load()).pause(context, id, options))),
  );

  withSender(
    program.command('resume <run>').description('continue after a pause; in a quarantine, give up on the failed steps'),
  ).action(async (run, options) =>
    done(await onRun(context, run, async (id) => (await load()).resume(context, id, options))),
  );

  withSender(
    program
      .command('retry <run> <step>')
      .description('retry a failed step of an open run, or let an agent that gave up continue'),
  ).action(async (run, step, options) =>
    done(await onRun(context, run, async (id) => (await load()).retry(context, id, step, options))),
  );
}

function addAnswers(program: Command, context: CliContext, done: Done): void {
  withSender(
    program
      .command('answer <run> <step> <text>')
      .description('answer an agent that asked; `-` reads the text from stdin'),
  ).action(async (run, step, text, options) =>
    done(await onRun(context, run, async (id) => (await load()).answerAgent(context, id, step, text, options))),
  );

  const what = {
    approve: 'approve a step that waits for a decision, or accept what an agent did',
    reject: 'reject a step that waits for a decision, or what an agent did',
  };
  for (const verb of ['approve', 'reject'] as const) {
    withSender(program.command(`${verb} <run> <step>`).description(what[verb]))
      .option('--comment <text>', 'why')
      .option('--input <name=value>', 'value that the approval asks for (repeatable)', collect, [])
      .action(async (run, step, options) =>
        done(await onRun(context, run, async (id) => (await load()).decide(context, verb, id, step, options))),
      );
  }
}

function addExplain(program: Command, context: CliContext, done: Done): void {
  program
    .command('explain <run> <step>')
    .description('say why a step ran, waits, was skipped or canceled')
    .option('--json', 'print one JSON object')
    .action(async (run, step, options) =>
      done(await onRun(context, run, async (id) => (await load()).explain(context, id, step, options))),
    );
}

function withSender(command: Command): Command {
  return command
    .option('--by <name>', 'who does this (default: you, as user@host)')
    .option('--json', 'print one JSON object');
}
