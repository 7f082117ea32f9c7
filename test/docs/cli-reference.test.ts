import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandTree } from '../../src/cli/program.js';
import { ENVIRONMENT } from '../../src/cli/reference/environment.js';
import { allCommands, cliReference, nameOf } from '../../src/cli/reference/page.js';
import { REPO } from '../support/cli.js';
import { readPage } from './pages.js';

describe('docs/cli-reference.md', () => {
  const { text } = readPage('docs/cli-reference.md');

  it('is what the commands say (npm run schemas)', () => {
    expect(text).toBe(cliReference(commandTree()));
  });

  it('has a section for every command, and links to headings that are there', () => {
    const headings = [...text.matchAll(/^#{2,3} (.+)$/gm)].map((match) => match[1]!);
    expect(headings).toEqual(expect.arrayContaining(allCommands(commandTree()).map(nameOf)));
    const anchors = headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...text.matchAll(/\]\(#([^)]*)\)/g)].map((match) => match[1]!);
    expect(links.filter((link) => !anchors.includes(link))).toEqual([]);
  });

  it('has every variable of the environment that the source reads, and no other', () => {
    const known = ENVIRONMENT.flatMap(({ variables }) => variables.map(({ name }) => name));
    const read = variablesRead();
    expect([...read].filter((name) => !known.includes(name) && !INTERNAL.has(name))).toEqual([]);
    const ofTemporal = /^TEMPORAL_/; // its own library reads them
    expect(known.filter((name) => !read.has(name) && !ofTemporal.test(name))).toEqual([]);
  });
});

/** What orch's processes tell each other, what only tests set, and what steps are given. */
const INTERNAL = new Set([
  'ORCH_ALLOCATOR',
  'ORCH_AWAIT_SERVER',
  'ORCH_CAREFUL',
  'ORCH_EMBEDDED',
  'ORCH_PROCESS_MARK',
  'ORCH_READY_FILE',
  'ORCH_TEST_HISTORY_EVENTS',
  ...['RUN_ID', 'STEP_ID', 'ATTEMPT', 'IDEMPOTENCY_KEY', 'RUN_DIR', 'RUNS_DIR', 'MANIFEST'].map(
    (name) => `ORCH_${name}`,
  ),
]);

/** Names that the source takes from an environment: `env['NAME']`, `env.NAME`, and constants that hold a name. */
function variablesRead(): Set<string> {
  const files = readdirSync(path.join(REPO, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.tsx?$/.test(file),
  );
  const names = new Set<string>();
  for (const file of files.filter((each) => !each.startsWith(path.join('cli', 'reference')))) {
    const code = readFileSync(path.join(REPO, 'src', file), 'utf8').replaceAll(
      /^\s*(?:\/\/|\/?\*).*$|\benv\.NAME\b/gm,
      '',
    );
    for (const [, name] of code.matchAll(/\benv(?:\?\.|\.|\[')([A-Z][A-Z0-9_]+)\b/g)) names.add(name!);
    for (const [, list] of code.matchAll(/\bconst [A-Z_]+(?:: [^=]+)? = (\[[^\]]*\]|'[^']*')/g)) {
      for (const [, name] of list!.matchAll(/'((?:ORCH|CODEX|MCP|CLAVAIN|ORC)_[A-Z_]+)'/g)) names.add(name!);
    }
  }
  return names;
}

describe("the README's table of commands", () => {
  it('has every command, and no other', () => {
    const [, chapter = ''] = readPage('README.md').text.split(/^## Commands$/m);
    const [table = ''] = chapter.split(/^## /m);
    const named = [...table.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell]) => namesIn(cell!));
    const all = allCommands(commandTree()).map(nameOf);
    expect(all.filter((name) => !named.includes(name))).toEqual([]);
    expect(named.filter((name) => !all.includes(name))).toEqual([]);
  });
});

/** The commands that a cell names: the first in full, the others may leave out what they have in common (`list`, `pause`). */
function namesIn(cell: string): string[] {
  const words = [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!.replaceAll(/ (?:[A-Z[(].*|--.*)$/g, ''));
  const groups = new Map(commandTree().commands.map((each) => [each.name(), each]));
  let prefix = 'orch';
  return words.flatMap((text) => {
    const name = text.startsWith('orch ') ? text : `${prefix} ${text}`;
    const [, group = '', sub] = name.split(' ');
    const below = groups.get(group)?.commands ?? [];
    if (below.length === 0) return /^orch [a-z-]+$/.test(name) ? [name] : [];
    prefix = `orch ${group}`;
    return sub === undefined ? [`orch ${group} run`] : [name];
  });
}
