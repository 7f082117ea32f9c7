import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync, Visitor } from 'rolldown/utils';
import { describe, expect, test } from 'vitest';
import { allPages } from './pages.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What docs/style.md advises against, and a text that has it. */
const BANNED: readonly [RegExp, string][] = [
  [/(?<!\bthere )\b(?:is|are|was|were) no\b(?! (?:longer|more than)\b)/i, "'x' is no valid name"],
  [/\b(?:go|goes|went|going) on(?= (?:with|at|where|as)\b|[\s]*[.,;:)|'"`]|$)/i, 'the run goes on'],
  [/\bstands? (?:here|there|in|on|where)\b/i, 'the key stands here a second time'],
  [/\btold (?:of|with|in)\b/i, 'they are told of in docs/agents.md'],
  [/\bin clear\b/i, 'stands in history in clear'],
  [/\bmend(?:s|ed|ing)?\b/i, 'mend the cause'],
  [/\banew\b/i, 'begins anew'],
  [/\b(?:take|takes|taken|taking|took) along\b/i, 'what a run takes along'],
  [/\b(?:work|works|worked) (?:it |them )?out\b/i, 'cannot be worked out'],
  [/\b(?:count|counts|counted) from\b(?! the start of the)/i, "counted from the step's folder"],
  [/\bwith (?:its|their) places?\b/i, 'each with its place'],
  [/\bexclude each other\b/i, 'the keys exclude each other'],
  [/\bmeans? nothing\b|\bof no (?:use|effect)\b/i, 'means nothing without foreach'],
  [/\bfor ever\b/i, 'waits for ever'],
  [/\bwork trees?\b/i, 'its work tree'],
  [/[a-z]\(s\)/, '2 error(s)'],
];

/** The line of a validation whose form is that of the program that orch replaces. */
const ALLOWED = ['Manifest INVALID'];

describe('the words of docs/style.md', () => {
  test.each(BANNED)('%s finds what it is about', (phrase, example) => {
    expect(example).toMatch(phrase);
  });

  test('are kept by every message and help text', () => {
    expect(
      sources().flatMap((file) => texts(file).flatMap(({ line, text }) => faults(`${file}:${line}`, text))),
    ).toEqual([]);
  });

  test('are kept by the documentation', () => {
    expect(
      pages().flatMap(([file, text]) => lines(text).flatMap((line, i) => faults(`${file}:${i + 1}`, line))),
    ).toEqual([]);
  });
});

function faults(place: string, text: string): string[] {
  if (ALLOWED.some((words) => text.includes(words))) return [];
  return BANNED.flatMap(([phrase]) => {
    const found = phrase.exec(text);
    return found === null ? [] : [`${place}: '${found[0]}' in: ${text.trim()}`];
  });
}

function sources(): string[] {
  return readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => path.join('src', file));
}

/** The strings of a file that have several words; what a template fills in counts as a word. */
function texts(file: string): { line: number; text: string }[] {
  const source = readFileSync(path.join(root, file), 'utf8');
  const found: { line: number; text: string }[] = [];
  const add = (start: number, text: string): void => {
    if (/\S\s+\S/.test(text)) found.push({ line: source.slice(0, start).split('\n').length, text });
  };
  new Visitor({
    Literal: (node) => {
      if (typeof node.value === 'string') add(node.start, node.value);
    },
    JSXText: (node) => add(node.start, node.value),
    TemplateLiteral: (node) => add(node.start, node.quasis.map((part) => part.value.cooked ?? '').join('…')),
  }).visit(parseSync(file, source).program);
  return found;
}

/** All pages but the one about style itself; of the changelog what is not released. */
function pages(): [string, string][] {
  const unreleased = read('CHANGELOG.md')
    .split(/^## \[/m)
    .slice(0, 2)
    .join('');
  return [
    ...allPages().flatMap(({ file, text }): [string, string][] => (file === 'docs/style.md' ? [] : [[file, text]])),
    ['CONTRIBUTING.md', read('CONTRIBUTING.md')],
    ['CHANGELOG.md', unreleased],
  ];
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

function lines(text: string): string[] {
  return text.split('\n');
}
