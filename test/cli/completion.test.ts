import { execFileSync, spawnSync } from 'node:child_process';
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
function machine(): { dir: string; shell: (name: string, script: string) => string } {
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
  const options = { cwd: dir, env: { ...env, HOME: dir, TERM: 'xterm' }, encoding: 'utf8', timeout: 200_000 } as const;
  return { dir, shell: (name, script) => execFileSync(name, ['-c', script], options) };
}

/** Says on the way out what was not tried. */
function lacks(shell: string): boolean {
  const missing = spawnSync(shell, ['-c', 'true']).status !== 0;
  if (missing) process.stderr.write(`completion in ${shell} is not tested: it is not on PATH\n`);
  return missing;
}

test('bash completes commands, runs, their steps and files', () => {
  const { shell } = machine();
  const completed = (words: string): string[] =>
    shell(
      'bash',
      `eval "$(orch completion bash)"; COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); compopt() { :; }
      _orch; printf '%s\\n' "\${COMPREPLY[@]}"`,
    )
      .trimEnd()
      .split('\n');
  expect(completed('orch comp')).toEqual(['completion']);
  expect(completed(`orch logs ''`)).toEqual(['@last', 'gate-1']);
  expect(completed(`orch logs gate-1 ''`)).toEqual(['build', 'test', 'tidy']);
  for (const run of ['@last', 'gate', 'p'])
    expect([run, ...completed(`orch logs ${run} t`)]).toEqual([run, 'test', 'tidy']);
  expect(completed('orch run my')).toEqual(['my plan.yaml']);
});

test.skipIf(lacks('fish'))('fish completes the same', () => {
  const { shell } = machine();
  const completed = (line: string): string[] => {
    const out = shell('fish', `orch completion fish | source; complete -C '${line}'`).trimEnd();
    return out.split('\n').map((each) => each.split('\t')[0]!);
  };
  expect(completed('orch comp')).toEqual(['completion']);
  expect(completed('orch logs ')).toEqual(['@last', 'gate-1']);
  expect(completed('orch logs gate-1 ')).toEqual(['build', 'test', 'tidy']);
  expect(completed('orch logs @last t')).toEqual(['test', 'tidy']);
  expect(completed('orch run my')).toEqual(['my plan.yaml']);
});

/** What a person sees who types that in zsh, and Tab; the pattern says when it is all there. */
const IN_ZSH = `
zmodload zsh/zpty
zpty z 'zsh -f -i'
zpty -w z 'autoload -U compinit; compinit -D -u; eval "$(orch completion zsh)"; print READY-$((1 + 1))'
zpty -r -m z out '*READY-2*' || exit 1
typed() {
  zpty -w -n z "$1"$'\\t'
  zpty -r -m z out "$2" || exit 1
  print -r -- "complete: $1"
  zpty -w -n z $'\\C-u'
}
`;

test.skipIf(lacks('zsh'))('zsh completes the same, as it is typed', () => {
  const { shell } = machine();
  const lines: [string, string][] = [
    ['orch comp', '*orch comp*letion*'],
    ['orch logs ', '*@last*the latest run*gate-1*'],
    ['orch logs gate-1 ', '*build*test*tidy*'],
    ['orch run my', '*my\\\\ plan.yaml*'],
  ];
  const script = lines.map(([line, pattern]) => `typed '${line}' '${pattern}'`).join('\n');
  expect(shell('zsh', `${IN_ZSH}${script}\nzpty -d z`)).toBe(lines.map(([line]) => `complete: ${line}\n`).join(''));
});
