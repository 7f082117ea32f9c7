import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Argument, Command, Option } from 'commander';
import { expect, test } from 'vitest';
import { candidates, type Sources } from '../../src/cli/completion/candidates.js';
import { jsonText } from '../../src/records/write-record.js';
import { manifestOf } from '../../src/journal/index.js';
import { BIN } from '../support/cli.js';
import { tempDir } from '../support/plans.js';
import { runAbout } from '../support/run-about.js';

const program = new Command('orch');
program
  .command('run <plan>')
  .option('--only <step...>')
  .option('--id <id>')
  .addOption(new Option('--hidden').hideHelp());
program.command('logs <run> [step]').description('show output').option('-f, --follow');
program.command('list').addOption(new Option('--status <status>').choices(['failed', 'running']));
program.command('schema').addArgument(new Argument('[name]').choices(['plan', 'run']));
program.command('validate <plan...>');
program.command('__complete [words...]', { hidden: true });
program.command('loop').command('pause [loop]');
program.command('schedule').command('describe <schedule>');

const sources: Sources = {
  runs: async () => [{ value: 'r-1', text: 'failed' }, { value: 'r-2' }],
  schedules: async () => [{ value: 'nightly' }],
  steps: async (of) => [{ value: 'run' in of ? `of-${of.run}` : `in-${of.file}` }],
};

test.each([
  ['', ['run', 'logs', 'list', 'schema', 'validate', 'loop', 'schedule', 'help'], false],
  ['schedule describe n', ['nightly'], false],
  ['l', ['logs', 'list', 'loop'], false],
  ['loop ', ['pause', 'help'], false],
  ['run ', [], true],
  ['run p.yaml --', ['--only', '--id', '--help'], false],
  ['run p.yaml --only ', ['in-p.yaml'], false],
  ['run p.yaml --only a ', ['in-p.yaml'], false],
  ['run --id ', [], false],
  ['run --id x ', [], true],
  ['logs ', ['r-1', 'r-2'], false],
  ['logs r-2', ['r-2'], false],
  ['logs -f r-1 ', ['of-r-1'], false],
  ['logs r-1 of-r-1 ', [], false],
  ['list --status r', ['running'], false],
  ['schema ', ['plan', 'run'], false],
  ['validate a.yaml b', [], true],
  ['nonsense ', [], false],
])('orch %s', async (line, values, files) => {
  const { found, files: mayBeFile } = await candidates(program, line.split(' '), sources);
  expect([found.map(({ value }) => value), mayBeFile]).toEqual([values, files]);
});

/** A machine with one run, and `orch` on its path. */
function machine(): { dir: string; bash: (script: string) => string } {
  const dir = tempDir();
  const run = path.join(dir, 'state', 'runs', 'gate-1');
  mkdirSync(run, { recursive: true });
  writeFileSync(path.join(run, 'manifest.json'), jsonText(manifestOf(runAbout({ run_id: 'gate-1' }), [])));
  writeFileSync(
    path.join(run, 'plan.json'),
    '{"steps": [{"id": "build"}, {"id": "test"}], "finally": [{"id": "tidy"}]}',
  );
  writeFileSync(path.join(dir, 'my plan.yaml'), '');
  const orch = path.join(dir, 'orch');
  writeFileSync(orch, `#!/bin/sh\nexec ${process.execPath} ${BIN} "$@"\n`);
  chmodSync(orch, 0o755);
  const env = { PATH: `${dir}:${process.env['PATH']}`, ORCH_STATE_DIR: path.join(dir, 'state') };
  return { dir, bash: (script) => execFileSync('bash', ['-c', script], { cwd: dir, env, encoding: 'utf8' }) };
}

test('bash completes commands, runs, their steps and files', () => {
  const { bash } = machine();
  const completed = (words: string): string[] =>
    bash(`eval "$(orch completion bash)"; COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); compopt() { :; }
      _orch; printf '%s\\n' "\${COMPREPLY[@]}"`)
      .trimEnd()
      .split('\n');
  expect(completed('orch comp')).toEqual(['completion']);
  expect(completed(`orch logs ''`)).toEqual(['@last', 'gate-1']);
  expect(completed(`orch logs gate-1 ''`)).toEqual(['build', 'test', 'tidy']);
  expect(completed(`orch logs @last t`)).toEqual(['test', 'tidy']);
  expect(completed('orch run my')).toEqual(['my plan.yaml']);
});
