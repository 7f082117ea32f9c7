import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { fakeAgents } from '../support/fake-agents.js';
import { tempDir } from '../support/plans.js';
import { pageShell, type PageShell } from './page-shell.js';
import { blocksOf, readPage, type Block } from './pages.js';

/**
 * Runs the commands of pages, in their order, in an empty folder with a service of its own. A block of `sh` is to succeed; a
 * command of `console` is to print what the page says, where it says something. Comments before a block, which do not
 * show, say more:
 *
 * - `<!-- file: NAME -->`: the block is this file
 * - `<!-- not run: WHY -->`: it cannot run here; test/docs/cli-reference.test.ts checks its commands and options
 * - `<!-- until: TEXT -->`: it is repeated until it prints this text
 * - `<!-- before: NAME -->`, `<!-- after: NAME -->`: what a reader has done before, and what is to be true then: see BY_NAME
 */
const PAGES = ['ci-gate', 'nightly', 'agents-over-night', 'deploy-with-approval', 'migrate'].map(
  (name) => `docs/how-to/${name}.md`,
);

/** What marks call by a name. */
const BY_NAME: Readonly<Record<string, (shell: PageShell) => Promise<void>>> = {
  async 'a run waits'({ work, sh }) {
    const steps = [
      { id: 'ask', step_def: { type: 'approval', message: 'Continue?' } },
      { id: 'long', shell: true, command: 'until [ -e end ]; do sleep 0.1; done; echo it ended' },
      { id: 'after', depends_on: ['ask', 'long'], command: 'echo', args: ['after'] },
    ];
    writeFileSync(path.join(work, 'open.json'), JSON.stringify({ plan_id: 'open', steps }));
    expect(await sh('orch start open.json --id open-1')).toMatchObject({ code: 0 });
    await until('it asks', sh, 'orch list --waiting', 'Continue?');
    await until('the other step runs', sh, 'orch status open-1', 'running  long');
  },
  async 'it continues'({ work, sh }) {
    writeFileSync(path.join(work, 'end'), '');
    await until('it asks again', sh, 'orch list --waiting', 'Continue?');
    expect(await sh('orch approve open-1 ask')).toEqual({ code: 0, printed: 'ask: approved' });
    expect((await sh('orch watch open-1 --quiet')).printed).toContain('open-1 succeeded in TIME: 3 succeeded');
    expect((await sh('orch logs open-1 long')).printed).toBe('it ended');
  },
  async 'a repository'({ work, home, sh }) {
    writeFileSync(path.join(home, '.gitconfig'), '[user]\n\tname = me\n\temail = me@example.org\n');
    mkdirSync(path.join(work, 'docs'));
    writeFileSync(path.join(work, 'docs', 'api.md'), 'the list endpoint\n');
    expect(await sh('git init -q && git add docs && git commit -qm begin')).toMatchObject({ code: 0 });
  },
};

async function until(what: string, sh: PageShell['sh'], lines: string, text: string): Promise<void> {
  let last = '';
  await eventually(
    what,
    async () => {
      last = (await sh(lines)).printed;
      return last.includes(text);
    },
    180_000,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; it prints:\n${last}`);
  });
}

describe('the commands of', () => {
  test.each([...PAGES, 'docs/operations.md'])('%s do what it says', { timeout: 600_000 }, async (file) => {
    const blocks = blocksOf(readPage(file));
    const shell = pageShell({ ...agents(), ORCH_TEMPORAL_CLI: inject('temporalBinary') });
    onTestFinished(async () => void (await shell.sh('orch down --stop-steps')));
    for (const block of blocks) {
      const name = block.marks.get('file');
      if (name !== undefined) writeFileSync(path.join(shell.work, name), block.text);
      else if (['sh', 'console'].includes(block.language) && !block.marks.has('not run')) {
        await runBlock(`${file}:${block.line}`, block, shell);
      }
    }
  });

  test('all marks are known', () => {
    const marks = [...PAGES, 'docs/operations.md']
      .flatMap((file) => blocksOf(readPage(file)))
      .flatMap((block) => [...block.marks]);
    expect([...new Set(marks.map(([key]) => key))].toSorted()).toEqual(['after', 'before', 'file', 'not run', 'until']);
    const named = marks.flatMap(([key, value]) => (key === 'before' || key === 'after' ? [value] : []));
    expect(new Set(named)).toEqual(new Set(Object.keys(BY_NAME)));
  });
});

async function runBlock(place: string, { text, language, marks }: Block, shell: PageShell): Promise<void> {
  const before = marks.get('before');
  if (before !== undefined) await BY_NAME[before]!(shell);
  const expected = marks.get('until');
  if (expected !== undefined) await until(`${place} prints '${expected}'`, shell.sh, text, expected);
  else if (language === 'sh') {
    const { code, printed } = await shell.sh(text);
    expect(code, `${place} prints:\n${printed}`).toBe(0);
  } else await runConsole(place, text, shell);
  const after = marks.get('after');
  if (after !== undefined) await BY_NAME[after]!(shell);
}

async function runConsole(place: string, text: string, { sh }: PageShell): Promise<void> {
  for (const entry of text.split(/^\$ /m).slice(1)) {
    const [line = '', ...said] = entry.split('\n');
    const { code, printed } = await sh(line);
    if (said.join('\n').trim() !== '') expect.soft(printed, `${place}: ${line}`).toBe(said.join('\n').trimEnd());
    else expect.soft(code, `${place}: ${line} prints:\n${printed}`).toBe(0);
  }
}

/** Agents that do as they are told; the one of the step `docs` asks once. */
function agents(): NodeJS.ProcessEnv {
  const dir = tempDir();
  const steps = path.join(dir, 'steps');
  mkdirSync(steps);
  const asks = `FAKE once ${dir}/asked\nFAKE verdict question: Is the page size part of it?\nFAKE otherwise\nFAKE write docs/api.md with the page size\n`;
  writeFileSync(path.join(steps, 'docs'), asks);
  return { PATH: fakeAgents(dir).PATH, FAKE_STEPS: steps };
}

test('the plan of docs/cheat-sheet.md runs', { timeout: 600_000 }, async () => {
  const { work, sh } = pageShell({ ORCH_TEMPORAL_CLI: inject('temporalBinary') });
  onTestFinished(async () => void (await sh('orch down')));
  const [plan] = blocksOf(readPage('docs/cheat-sheet.md'));
  writeFileSync(path.join(work, 'plan.yaml'), plan!.text);
  const { code, printed } = await sh('orch run plan.yaml --quiet --id example-1');
  expect([code, printed]).toEqual([0, expect.stringContaining('example-1 succeeded in TIME: ')]);
});

test('the commands of docs/tutorial.md print what it says', { timeout: 600_000 }, async () => {
  const page = readPage('docs/tutorial.md');
  const { work, sh } = pageShell({ ORCH_TEMPORAL_CLI: inject('temporalBinary') });
  onTestFinished(async () => void (await sh('orch down')));
  let following: ReturnType<PageShell['sh']> | undefined;
  for (const block of blocksOf(page)) {
    if (block.language === 'yaml') writeFileSync(path.join(work, 'gate.yaml'), block.text);
    else if (block.text.includes('$ orch rerun @last\n')) {
      following = sh('orch rerun @last');
      await until('the run asks', sh, 'orch list --waiting', 'Release it?');
    } else await runConsole(`docs/tutorial.md:${block.line}`, block.text, { work, home: work, sh });
  }
  expect((await following)?.printed).toContain('gate-ID succeeded in TIME: 4 succeeded');
});
