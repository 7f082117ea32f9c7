import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPO } from '../support/cli.js';
import { callsOf, faultOf } from './command-lines.js';
import { allPages, readPage, type Page } from './pages.js';

describe('the commands in the documentation', () => {
  it.each(allPages().map((page) => [page.file, page] as const))(
    '%s names only commands and options that are there',
    async (_, page) => {
      const faults = await Promise.all(callsOf(page).map(faultOf));
      expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
    },
  );

  it('are found', () => {
    const page = {
      file: 'a.md',
      text: [
        'Type `orch run --no-such` or `orch nothing`.',
        '```sh',
        "ORCH_KEEP=7d orch up && npx orch run 'a b.yaml' --input A=1 > out.txt 2>&1 # orch nonsense",
        'eval "$(orch completion tcsh)"',
        '```',
        '```',
        'orch approve RUN         says yes',
        '```',
        '```console',
        '$ orch status x --wrong',
        'orch not-a-command',
        '```',
      ].join('\n'),
    };
    const calls = callsOf(page).map(({ place, words }) => `${place} ${words.join(' ')}`);
    expect(calls).toEqual([
      'a.md:3 up',
      'a.md:3 run a b.yaml --input A=1',
      'a.md:4 completion tcsh',
      'a.md:7 approve RUN',
      'a.md:10 status x --wrong',
      'a.md:1 run --no-such',
      'a.md:1 nothing',
    ]);
  });

  it('are faulty where a command, an option or an argument is', async () => {
    expect(await call('run a.yaml --quiet --only build', false)).toBeUndefined();
    expect(await call('run --only build a.yaml', false)).toBeUndefined();
    expect(await call('approve RUN', false)).toMatch(/missing required argument 'step'/);
    expect(await call('approve RUN', true)).toBeUndefined();
    expect(await call('status x --wrong', false)).toMatch(/unknown option '--wrong'/);
    expect(await call('status x --wrong', true)).toMatch(/no option --wrong/);
    expect(await call('schedule nothing', true)).toMatch(/no command 'nothing'/);
    expect(await call('completion tcsh', false)).toMatch(/Allowed choices/);
  });
});

describe('the links in the documentation', () => {
  it.each(allPages().map((page) => [page.file, page] as const))(
    '%s links to files and headings that are there',
    (_, page) => {
      expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
    },
  );
});

/** Those to places of the repository. */
function linksOf({ text }: Page): string[] {
  const prose = text.replaceAll(/^ *```[^]*?^ *```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!).filter((link) => !/^\w+:/.test(link));
}

function leadsSomewhere(page: Page, link: string): boolean {
  const [target = '', anchor] = link.split('#');
  const file = target === '' ? page.file : path.join(path.dirname(page.file), target);
  if (!existsSync(path.join(REPO, file))) return false;
  return (
    anchor === undefined || (statSync(path.join(REPO, file)).isFile() && anchorsOf(readPage(file)).includes(anchor))
  );
}

/** As GitHub makes them of headings. */
function anchorsOf({ text }: Page): string[] {
  const prose = text.replaceAll(/^ *```[^]*?^ *```$/gm, '');
  return [...prose.matchAll(/^#+ (.+)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

async function call(line: string, inText: boolean): Promise<string | undefined> {
  return faultOf({ place: 'a.md:1', words: line.split(' '), inText });
}
