import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { REPO } from '../support/cli.js';

/** A page of the documentation. */
export interface Page {
  /** Relative to the repository. */
  file: string;
  text: string;
}

/**
 * A fenced block of a page, with the marks before it: comments that do not show, such as `<!-- file: gate.yaml -->`. What
 * they mean is said in test/docs/commands.test.ts.
 */
export interface Block {
  language: string;
  text: string;
  line: number;
  marks: ReadonlyMap<string, string>;
}

/** README, and all of docs. */
export function allPages(): Page[] {
  const docs = readdirSync(path.join(REPO, 'docs'), { recursive: true, encoding: 'utf8' });
  const files = docs.filter((file) => file.endsWith('.md') && !file.startsWith('reference')).toSorted();
  return ['README.md', ...files.map((file) => path.join('docs', file))].map(readPage);
}

export function readPage(file: string): Page {
  return { file, text: readFileSync(path.join(REPO, file), 'utf8') };
}

/** The fenced blocks of a page, in their order. */
export function blocksOf({ text }: Page): Block[] {
  return [...text.matchAll(/^((?:<!--[^>]*-->\n)*)( *)```(\w*)\n([^]*?)^\2```$/gm)].map((match) => {
    const [, comments = '', indent = '', language = '', body = ''] = match;
    return {
      language,
      text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line: text.slice(0, match.index + comments.length).split('\n').length,
      marks: marksOf(comments),
    };
  });
}

function marksOf(comments: string): Map<string, string> {
  return new Map(
    [...comments.matchAll(/<!-- ([\w ]+?)(?:: (.*?))? -->/g)].map(([, key = '', value = '']) => [key, value]),
  );
}
