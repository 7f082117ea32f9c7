import { Command } from 'commander';
import { expect, test } from 'vitest';
import { giveBack } from '../../src/cli/greedy-options.js';

const run = new Command('run')
  .argument('<plan>')
  .option('--only <step...>')
  .option('-s, --skip <step...>')
  .option('--id <id>')
  .option('--json');

const words = (line: string): string[] => line.split(' ').filter(Boolean);

test.each([
  // as it was meant
  ['plan.yaml --only b', 'plan.yaml --only b'],
  ['--only b --json plan.yaml', '--only b --json plan.yaml'],
  ['--only b -- plan.yaml', '--only b -- plan.yaml'],
  ['--id a plan.yaml --only b c', '--id a plan.yaml --only b c'],
  // the option took it
  ['--only b plan.yaml', 'plan.yaml --only b'],
  ['--only b c plan.yaml', 'plan.yaml --only b c'],
  ['--only b plan.yaml --json', 'plan.yaml --only b --json'],
  ['--only b -s c plan.yaml --id a', 'plan.yaml --only b -s c --id a'],
  // nothing to give back
  ['--only plan.yaml', '--only plan.yaml'],
  ['--only b --id plan.yaml', '--only b --id plan.yaml'],
  ['', ''],
])('%s is read as %s', (given, meant) => {
  expect(giveBack(run, words(given))).toEqual(words(meant));
});

test('a command whose argument may be missing keeps its words', () => {
  const loop = new Command('loop').argument('[config]').option('--only <step...>');
  expect(giveBack(loop, ['--only', 'a', 'b'])).toEqual(['--only', 'a', 'b']);
});
